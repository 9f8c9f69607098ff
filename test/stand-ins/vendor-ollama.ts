import { countTokens, replyTo } from './provider-answers';
import { jsonReply, type Vendor, wordsOf } from './vendor.types';

function figures(prompt: string, reply: string): object {
  return {
    done: true,
    done_reason: 'stop',
    total_duration: 4_883_583_458,
    load_duration: 1_334_875,
    prompt_eval_count: countTokens(prompt),
    prompt_eval_duration: 342_546_000,
    eval_count: countTokens(reply),
    eval_duration: 4_535_599_000,
  };
}

/** Its own API: a line of JSON for each piece, and one at the end with the figures. A 429 and a 401 are its cloud's. */
export const ollama: Vendor = {
  docs: 'https://docs.ollama.com/api/chat',
  basePath: '',
  keyHeader: 'authorization',
  isOpen: true,
  faults: {
    refused: jsonReply(401, { error: 'unauthorized' }),
    limited: jsonReply(429, { error: 'too many requests' }, { 'retry-after': '5' }),
    tooLong: jsonReply(400, { error: 'the input length exceeds the context length' }),
    overloaded: jsonReply(503, {
      error: 'server busy, please try again.  maximum pending requests exceeded',
    }),
  },
  answer({ path, body, prompt }) {
    if (path !== '/api/chat') return null;
    const reply = replyTo(prompt);
    const base = { model: body['model'], created_at: '2026-11-21T08:00:00.000000Z' };
    const message = (content: string): object => ({ role: 'assistant', content });
    // It streams unless told not to.
    if (body['stream'] === false) {
      return jsonReply(200, { ...base, message: message(reply), ...figures(prompt, reply) });
    }
    const lines = [
      ...wordsOf(reply).map((word) => ({ ...base, message: message(word), done: false })),
      { ...base, message: message(''), ...figures(prompt, reply) },
    ];
    return {
      status: 200,
      events: lines.map((line) => `${JSON.stringify(line)}\n`),
      contentType: 'application/x-ndjson',
    };
  },
};
