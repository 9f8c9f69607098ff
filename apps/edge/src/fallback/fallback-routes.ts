import type { CatalogueDocument, LlmRoute, PayingCredential } from '@signalbox/gateway';
import type { Dispatcher } from 'undici';
import type { UpstreamRequest } from '../upstream/upstream-exchange';
import type { Caller } from '../keys/key-directory';
import type { CallBody } from '../request/call-body';

/** A way around LiteLLM for one model. */
export interface FallbackTarget {
  readonly via: 'openrouter' | 'direct';
  /** The public name of the model. */
  readonly model: string;
  /** What the upstream calls it. */
  readonly upstreamModel: string;
  /** The kind: openrouter, openai, groq ... */
  readonly provider: string;
  readonly providerId: string | null;
  readonly deploymentId: string | null;
  readonly credential: PayingCredential | null;
  /**
   * Fetches the key and builds the request, for this one call. null: there is no usable key after all. The dispatcher knows its
   * origin, so the request has a path only. Never rejects.
   */
  prepare(call: FallbackCall): Promise<{ dispatcher: Dispatcher; request: UpstreamRequest } | null>;
}

export interface FallbackCall {
  readonly requestId: string;
  readonly route: LlmRoute;
  readonly body: CallBody;
  readonly bytes: Buffer;
  readonly clientHeaders: Readonly<Record<string, string | string[] | undefined>>;
}

export interface FallbackQuestion {
  readonly caller: Caller;
  readonly route: LlmRoute;
  /** The public name, aliases resolved. */
  readonly model: string;
  readonly catalogue: CatalogueDocument;
}

/** Where a call can go while LiteLLM is down: the tenant's own OpenRouter key, direct, the platform's OpenRouter key. */
export interface FallbackRoutes {
  /** In the order in which to try them. Empty: the model, the route or the policy knows no way but LiteLLM. Never rejects. */
  targets(question: FallbackQuestion): Promise<readonly FallbackTarget[]>;
  /** On each request of a known key: the provider keys that it would need are fetched ahead, for both may go down together. */
  note(caller: Caller): void;
}
