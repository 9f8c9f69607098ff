import { hasList } from './answer-fields';
import { versioned } from './base-url-path';
import { httpDriver } from './http.driver';

/** Checks a key only if it was started with one (--api-key). */
export const vllmDriver = httpDriver({
  kind: 'vllm',
  inference: {
    request: (baseUrl) => ({
      method: 'GET',
      url: `${versioned(baseUrl, 'v1')}/models`,
      keyHeader: 'bearer',
    }),
    isGood: (body) => hasList(body, 'data'),
    mayBeOpen: true,
  },
});
