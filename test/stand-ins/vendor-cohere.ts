import { randomUUID } from 'node:crypto';
import { countTokens, replyTo } from './provider-answers';
import { eventStream, jsonReply, type Vendor, type VendorReply, wordsOf } from './vendor.types';

/** https://docs.cohere.com/reference/errors */
function cohereError(status: number, message: string): VendorReply {
  return jsonReply(status, { id: randomUUID(), message });
}

function usage(prompt: string, reply: string): object {
  const units = { input_tokens: countTokens(prompt), output_tokens: countTokens(reply) };
  return { billed_units: units, tokens: units };
}

interface StreamEvent {
  readonly type: string;
  readonly [field: string]: unknown;
}

/**
 * "Pass text/event-stream to receive the streamed response as server-sent events. The default is \n delimited events" (the header
 * Accepts of https://docs.cohere.com/v1/reference/chat). LiteLLM 1.103.1 asks for application/json, and can read nothing but the lines.
 */
function stream(accept: string, events: readonly StreamEvent[]): VendorReply {
  if (accept.includes('application/json')) {
    const lines = events.map((event) => `${JSON.stringify(event)}\n`);
    return { status: 200, events: lines, contentType: 'application/stream+json' };
  }
  const named = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  return eventStream([...named, 'data: [DONE]\n\n']);
}

/** API v2. */
export const cohere: Vendor = {
  docs: 'https://docs.cohere.com/reference/chat',
  basePath: '',
  keyHeader: 'authorization',
  isOpen: false,
  faults: {
    refused: cohereError(401, 'invalid api token'),
    limited: cohereError(
      429,
      "You are using a Trial key, which is limited to 20 API calls / minute. You can continue to use the Trial key for free or upgrade to a Production key with higher rate limits at 'https://dashboard.cohere.com/api-keys'.",
    ),
    tooLong: cohereError(
      400,
      'too many tokens: total number of tokens in the prompt cannot exceed 128000 - received 140000.',
    ),
    overloaded: cohereError(503, 'service unavailable'),
  },
  answer({ path, body, prompt, accept }) {
    if (path !== '/v2/chat') return null;
    const reply = replyTo(prompt);
    const id = randomUUID();
    if (body['stream'] !== true) {
      return jsonReply(200, {
        id,
        finish_reason: 'COMPLETE',
        message: { role: 'assistant', content: [{ type: 'text', text: reply }] },
        usage: usage(prompt, reply),
      });
    }
    return stream(accept, [
      {
        type: 'message-start',
        id,
        delta: { message: { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] } },
      },
      { type: 'content-start', index: 0, delta: { message: { content: { type: 'text', text: '' } } } },
      ...wordsOf(reply).map((text) => ({
        type: 'content-delta',
        index: 0,
        delta: { message: { content: { text } } },
      })),
      { type: 'content-end', index: 0 },
      { type: 'message-end', delta: { finish_reason: 'COMPLETE', usage: usage(prompt, reply) } },
    ]);
  },
};
