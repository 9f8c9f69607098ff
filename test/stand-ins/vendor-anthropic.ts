import { randomUUID } from 'node:crypto';
import { messagesAnswer } from './provider-answers';
import { eventStream, jsonReply, type Vendor, type VendorReply } from './vendor.types';

const requestId = (): Record<string, string> => ({ 'request-id': `req_${randomUUID()}` });

/** https://docs.anthropic.com/en/api/errors, /en/api/rate-limits */
function anthropicError(
  status: number,
  type: string,
  message: string,
  headers: Record<string, string> = {},
): VendorReply {
  const body = { type: 'error', error: { type, message }, request_id: 'req_1' };
  return jsonReply(status, body, { ...requestId(), ...headers });
}

export const anthropic: Vendor = {
  docs: 'https://docs.anthropic.com/en/api/messages',
  basePath: '',
  keyHeader: 'x-api-key',
  isOpen: false,
  faults: {
    refused: anthropicError(401, 'authentication_error', 'invalid x-api-key'),
    limited: anthropicError(
      429,
      'rate_limit_error',
      "This request would exceed your organization's rate limit of 50 requests per minute.",
      {
        'retry-after': '12',
        'anthropic-ratelimit-requests-limit': '50',
        'anthropic-ratelimit-requests-remaining': '0',
        'anthropic-ratelimit-requests-reset': '2026-11-21T08:00:00Z',
      },
    ),
    tooLong: anthropicError(
      400,
      'invalid_request_error',
      'prompt is too long: 210000 tokens > 200000 maximum',
    ),
    overloaded: anthropicError(529, 'overloaded_error', 'Overloaded'),
  },
  answer({ path, body }) {
    if (path !== '/v1/messages') return null;
    const answer = messagesAnswer(body);
    return answer.kind === 'json' ? jsonReply(200, answer.body, requestId()) : eventStream(answer.events);
  },
};
