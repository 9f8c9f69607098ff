import { httpDriver } from './http.driver';
import { listOfModels } from './openai-dialect';

/** Any server in OpenAI's dialect, of vendors too: xAI answers 400 to a bad key, some answer 403. */
export const openaiCompatibleDriver = httpDriver({
  kind: 'openai_compatible',
  inference: listOfModels({
    mayBeOpen: true,
    isGood: (body) => Array.isArray(body) || Array.isArray((body as { data?: unknown } | null)?.data),
    rules: [
      {
        statuses: [400, 403],
        text: /invalid_api_key|(incorrect|invalid) (api|auth\w*)[ _]?(key|token)|api key (is )?(incorrect|invalid)/i,
        outcome: 'invalid',
        detail: 'The provider refuses the key.',
      },
    ],
  }),
});
