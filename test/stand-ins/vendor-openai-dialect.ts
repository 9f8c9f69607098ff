import { chatAnswer, type JsonRecord } from './provider-answers';
import {
  dataEvent,
  jsonReply,
  type Vendor,
  type VendorCall,
  type VendorFault,
  type VendorReply,
} from './vendor.types';

export type Faults = Record<VendorFault, VendorReply>;

/** https://platform.openai.com/docs/guides/error-codes, /docs/guides/rate-limits */
const openaiFaults: Faults = {
  refused: openaiError(
    401,
    'invalid_request_error',
    'invalid_api_key',
    'Incorrect API key provided: sk-proj-****dead. You can find your API key at https://platform.openai.com/account/api-keys.',
  ),
  limited: openaiError(
    429,
    'requests',
    'rate_limit_exceeded',
    'Rate limit reached for gpt-4o-mini in organization org-1 on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s. Visit https://platform.openai.com/account/rate-limits to learn more.',
    {
      'retry-after': '20',
      'retry-after-ms': '20000',
      'x-ratelimit-limit-requests': '3',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '20s',
    },
  ),
  tooLong: openaiError(
    400,
    'invalid_request_error',
    'context_length_exceeded',
    "This model's maximum context length is 128000 tokens. However, your messages resulted in 140002 tokens. Please reduce the length of the messages.",
  ),
  overloaded: openaiError(
    503,
    'server_error',
    null,
    'The engine is currently overloaded, please try again later.',
  ),
};

export function openaiError(
  status: number,
  type: string,
  code: string | number | null,
  message: string,
  headers: Record<string, string> = {},
): VendorReply {
  return jsonReply(status, { error: { message, type, param: null, code } }, headers);
}

interface Differences {
  docs: string;
  basePath: string;
  isOpen?: boolean;
  faults?: Partial<Faults>;
  /** In the answer, and in each chunk of a stream. */
  extra?: JsonRecord;
  /** Sends usage in the last chunk unasked. */
  sendsUsage?: boolean;
  /** Before the first event. */
  preamble?: string;
}

/** Everybody who copied OpenAI's chat completions, each with what is different there. */
export function openaiLike(differences: Differences): Vendor {
  const {
    docs,
    basePath,
    isOpen = false,
    faults = {},
    extra = {},
    sendsUsage = false,
    preamble,
  } = differences;
  return {
    docs,
    basePath,
    keyHeader: 'authorization',
    isOpen,
    faults: { ...openaiFaults, ...faults },
    answer({ path, body }: VendorCall): VendorReply | null {
      if (path !== '/chat/completions') return null;
      const asked = sendsUsage ? { ...body, stream_options: { include_usage: true } } : body;
      const answer = chatAnswer(asked);
      if (answer.kind === 'json') return jsonReply(200, { ...answer.body, ...extra });
      const events = answer.events.map((event) => withExtra(event, extra));
      return {
        status: 200,
        events: preamble === undefined ? events : [preamble, ...events],
        contentType: 'text/event-stream',
      };
    },
  };
}

function withExtra(event: string, extra: JsonRecord): string {
  const text = event.slice('data: '.length).trim();
  return text === '[DONE]' ? event : dataEvent({ ...(JSON.parse(text) as JsonRecord), ...extra });
}

export const html = (status: number, title: string): VendorReply => ({
  status,
  body: `<html><head><title>${status} ${title}</title></head></html>`,
  contentType: 'text/html',
});
