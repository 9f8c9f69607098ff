import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CredentialOwner, Dialect } from '@signalbox/gateway';

/** What the access log tells of a request; each step adds what it has learned. Never a secret, never a body. */
export interface RequestFacts {
  route?: string;
  key_id?: string;
  workspace_id?: string;
  organization_id?: string;
  model?: string;
  stream?: boolean;
  deployment_id?: string;
  /** Whose provider key pays: the credential's id and the kind of its owner, never more. */
  credential_id?: string;
  credential_owner?: CredentialOwner;
  /** How many times it was sent to LiteLLM. */
  attempts?: number;
  slot?: string;
  release_id?: string;
  /** Code of the gateway's own error. */
  code?: string;
  /** Why LiteLLM's answer was not passed on as it was. */
  reason?: string;
  bytes_in?: number;
}

/** One request on its way through the steps. */
export interface EdgeRequest {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Without the query. */
  readonly path: string;
  readonly startedAtMs: number;
  /** The caller's dialect: errors are answered in it. */
  dialect: Dialect;
  readonly facts: RequestFacts;
}
