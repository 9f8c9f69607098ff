import { httpDriver } from './http.driver';
import { listOfModels } from './openai-dialect';

export const togetherDriver = httpDriver({
  kind: 'together',
  inference: listOfModels({
    // A bare array, unlike everybody else's.
    isGood: (body) => Array.isArray(body),
    rules: [
      {
        statuses: [400],
        text: /api[_ ]?key/i,
        outcome: 'invalid',
        detail: 'The provider refuses the key as malformed.',
      },
      {
        statuses: [402],
        outcome: 'out_of_credit',
        detail: 'The spending limit of the account is reached.',
      },
      {
        statuses: [403],
        outcome: 'unknown',
        detail: 'Together answers 403 to a prompt that is too long: it says nothing about the key.',
      },
    ],
  }),
});
