import type { OutgoingHttpHeaders } from 'node:http';
import type { GatewayErrorCode, GatewayErrorDetails } from '@signalbox/gateway';

export interface RefusalDetails extends GatewayErrorDetails {
  /** Added to the error's own, or in their place: Retry-After, x-ratelimit-*. */
  headers?: OutgoingHttpHeaders;
}

/** Ends a request with an error of the gateway's own table. Thrown by any step, answered in one place. */
export class Refusal extends Error {
  constructor(
    readonly code: GatewayErrorCode,
    readonly details: RefusalDetails = {},
    options?: ErrorOptions,
  ) {
    super(code, options);
    this.name = 'Refusal';
  }
}

/** The client has gone: there is nobody to answer. */
export class ClientGone extends Error {
  constructor() {
    super('the client closed the connection');
    this.name = 'ClientGone';
  }
}
