import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnswerRoute, CredentialOwner, Dialect } from '@signalbox/gateway';
import type { RequestRecord } from '../routing/request-record';

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
  /** Calls that a provider may have seen. */
  attempts?: number;
  /** The way of the answer. */
  answer_route?: AnswerRoute;
  /** Why something else than the first choice answered. */
  fallback?: string;
  slot?: string;
  release_id?: string;
  /** Code of the gateway's own error. */
  code?: string;
  /** Why there was no answer, or not the first choice's. */
  reason?: string;
  bytes_in?: number;
  /** It was decided by what Redis said so long ago: the edge is cut off from it. */
  cut_off_seconds?: number;
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
  /** What the usage event is made of; null while nobody is known to call. */
  record: RequestRecord | null;
}
