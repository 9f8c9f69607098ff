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

/** https://docs.cohere.com/v2/docs/streaming: `event:` says the type once more. */
function named(type: string, more: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
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
  answer({ path, body, prompt }) {
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
    return eventStream([
      named('message-start', {
        id,
        delta: { message: { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] } },
      }),
      named('content-start', { index: 0, delta: { message: { content: { type: 'text', text: '' } } } }),
      ...wordsOf(reply).map((text) =>
        named('content-delta', { index: 0, delta: { message: { content: { text } } } }),
      ),
      named('content-end', { index: 0 }),
      named('message-end', { delta: { finish_reason: 'COMPLETE', usage: usage(prompt, reply) } }),
      'data: [DONE]\n\n',
    ]);
  },
};
