import { hasList } from './answer-fields';
import { httpDriver } from './http.driver';
import { perplexityKeys } from './perplexity.keys';

/**
 * Its list of models is public and would call any text a good key. The list of one's own asynchronous jobs needs a key; what
 * it answers to a bad one is not documented, so a good answer is only probably one.
 */
export const perplexityDriver = httpDriver({
  kind: 'perplexity',
  inference: {
    request: (baseUrl) => ({
      method: 'GET',
      url: `${baseUrl}/async/chat/completions`,
      keyHeader: 'bearer',
    }),
    isGood: (body) => Array.isArray(body) || hasList(body, 'requests'),
    certainty: 'probable',
  },
  keys: perplexityKeys,
});
