import type { GatewayErrorCode, GatewayErrorDetails } from '@signalbox/gateway';

/** Ends a request with an error of the gateway's own table. Thrown by any step, answered in one place. */
export class Refusal extends Error {
  constructor(
    readonly code: GatewayErrorCode,
    readonly details: GatewayErrorDetails = {},
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
