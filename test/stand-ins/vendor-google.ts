import { randomUUID } from 'node:crypto';
import { countTokens, replyTo } from './provider-answers';
import { dataEvent, eventStream, jsonReply, type Vendor, type VendorReply, wordsOf } from './vendor.types';

/** https://ai.google.dev/gemini-api/docs/troubleshooting, https://google.aip.dev/193 */
function googleError(code: number, status: string, message: string, details: object[] = []): VendorReply {
  return jsonReply(code, { error: { code, message, status, details } });
}

const errorInfo = (reason: string): object => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain: 'googleapis.com',
  metadata: { service: 'generativelanguage.googleapis.com' },
});

function content(text: string, finishReason?: string): object {
  return {
    content: { parts: [{ text }], role: 'model' },
    index: 0,
    ...(finishReason === undefined ? {} : { finishReason }),
  };
}

function usage(prompt: string, reply: string): object {
  const promptTokenCount = countTokens(prompt);
  const candidatesTokenCount = countTokens(reply);
  return {
    promptTokenCount,
    candidatesTokenCount,
    totalTokenCount: promptTokenCount + candidatesTokenCount,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: promptTokenCount }],
  };
}

/** The native API. The key comes in x-goog-api-key, the model in the path, and whether to stream in the method's name. */
export const google: Vendor = {
  docs: 'https://ai.google.dev/api/generate-content',
  basePath: '/v1beta',
  keyHeader: 'x-goog-api-key',
  isOpen: false,
  faults: {
    // Not 401.
    refused: googleError(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', [
      errorInfo('API_KEY_INVALID'),
      {
        '@type': 'type.googleapis.com/google.rpc.LocalizedMessage',
        locale: 'en-US',
        message: 'API key not valid. Please pass a valid API key.',
      },
    ]),
    limited: googleError(
      429,
      'RESOURCE_EXHAUSTED',
      'You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.',
      [
        {
          '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
          violations: [
            {
              quotaMetric: 'generativelanguage.googleapis.com/generate_content_free_tier_requests',
              quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier',
              quotaValue: '10',
            },
          ],
        },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '27s' },
      ],
    ),
    tooLong: googleError(
      400,
      'INVALID_ARGUMENT',
      'The input token count (1048600) exceeds the maximum number of tokens allowed (1048576).',
    ),
    overloaded: googleError(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
  },
  answer({ path, query, prompt }) {
    const [, model, method] = /^\/models\/([^/:]+):(generateContent|streamGenerateContent)$/.exec(path) ?? [];
    if (model === undefined) return null;
    const reply = replyTo(prompt);
    const base = { modelVersion: model, responseId: randomUUID() };
    if (method === 'generateContent') {
      return jsonReply(200, {
        candidates: [content(reply, 'STOP')],
        usageMetadata: usage(prompt, reply),
        ...base,
      });
    }
    // Without alt=sse it would be one JSON array.
    if (query.get('alt') !== 'sse') return null;
    const words = wordsOf(reply);
    const said = (count: number): string => words.slice(0, count).join('');
    return eventStream(
      words.map((word, index) =>
        dataEvent({
          candidates: [content(word, index === words.length - 1 ? 'STOP' : undefined)],
          usageMetadata: usage(prompt, said(index + 1)),
          ...base,
        }),
      ),
    );
  },
};
