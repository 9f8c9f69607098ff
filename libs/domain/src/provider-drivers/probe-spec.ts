import type { ProbeOutcome } from './provider-driver';

/** How the key travels: always in a header, since URLs land in logs. */
export type KeyHeader = 'bearer' | 'x-api-key' | 'x-goog-api-key';

export interface ProbeRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly keyHeader: KeyHeader;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A row of the provider's own, tried before the general rules: the first one that fits decides. */
export interface AnswerRule {
  readonly statuses: readonly number[];
  /** Found in the answer's text, which is cut to 64 KiB; left out: whatever it says. */
  readonly text?: RegExp;
  readonly outcome: ProbeOutcome;
  /** For people: what it means, and what to do. */
  readonly detail: string;
}

/** What a good answer says beyond "this key is accepted". */
export interface KeyFacts {
  readonly outcome?: ProbeOutcome;
  readonly detail?: string;
  readonly expiresAt?: Date | null;
}

/** How a key is checked, as data: README.md shows how to add a provider. */
export interface ProbeSpec {
  /** @param baseUrl without a slash at its end */
  request(baseUrl: string): ProbeRequest;
  /** Whether the body of a 2xx is what this route answers: anything else says nothing about the key. */
  isGood(body: unknown): boolean;
  readonly rules?: readonly AnswerRule[];
  factsOf?(body: unknown): KeyFacts;
  /** probable: the route's behaviour with a bad key is not documented. */
  readonly certainty?: 'sure' | 'probable';
  /** Servers that may be run without any key: asked a second time without one. */
  readonly mayBeOpen?: boolean;
}
