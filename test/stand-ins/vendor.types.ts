import type { ProviderKindName } from '@signalbox/domain/providers';
import type { JsonRecord } from './provider-answers';

/** The kinds that have a wire format of their own; `litellm` and `demo` call nobody in particular. */
export type VendorName = Exclude<ProviderKindName, 'litellm' | 'demo'>;

/** What goes wrong, as the vendor itself would say it. */
export type VendorFault = 'refused' | 'limited' | 'tooLong' | 'overloaded';
export const vendorFaults: readonly VendorFault[] = ['refused', 'limited', 'tooLong', 'overloaded'];

export interface VendorReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON unless it is a text; with `events`, unused. */
  readonly body?: unknown;
  /** Of a stream, each as it stands on the wire. */
  readonly events?: readonly string[];
  readonly contentType?: string;
}

export interface VendorCall {
  /** Below the vendor's base path, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: JsonRecord;
  readonly prompt: string;
  /** The header of that name. */
  readonly accept: string;
}

/**
 * A vendor's chat route on the wire. `docs` is the page that it was written from. The specs hold it against the SDKs of OpenAI and
 * Anthropic; by hand it was held against cohere-ai 8.1.0, @mistralai/mistralai 2.7.0, @google/genai 2.32.0, ollama 0.6.4, groq-sdk 1.6.0,
 * together-ai 0.52.0, @huggingface/inference 4.13.30 and @openrouter/sdk 1.3.19: plain, streamed, 401 and 429.
 */
export interface Vendor {
  readonly docs: string;
  /** What a user gives as base URL, below the stand-in's origin and the vendor's name. */
  readonly basePath: string;
  readonly keyHeader: 'authorization' | 'x-api-key' | 'x-goog-api-key';
  /** Servers that look at no key. */
  readonly isOpen: boolean;
  readonly faults: Readonly<Record<VendorFault, VendorReply>>;
  /** null: no such route. */
  answer(call: VendorCall): VendorReply | null;
}

export function jsonReply(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): VendorReply {
  return { status, body, headers };
}

export function eventStream(events: readonly string[]): VendorReply {
  return { status: 200, events, contentType: 'text/event-stream' };
}

export function dataEvent(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

export function wordsOf(text: string): string[] {
  return text.split(/(?<=\s)/);
}
