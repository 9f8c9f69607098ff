import { field } from './answer-fields';
import { without } from './base-url-path';
import { httpDriver } from './http.driver';

export const cohereDriver = httpDriver({
  kind: 'cohere',
  inference: {
    request: (baseUrl) => ({
      method: 'POST',
      url: `${without(baseUrl, '/v1', '/v2')}/v1/check-api-key`,
      keyHeader: 'bearer',
    }),
    isGood: (body) => typeof field(body, 'valid') === 'boolean',
    factsOf: (body) =>
      field(body, 'valid') === true ? {} : { outcome: 'invalid', detail: 'The provider refuses the key.' },
    rules: [
      { statuses: [498], outcome: 'invalid', detail: 'The provider refuses the key.' },
      {
        statuses: [429],
        text: /calls? ?(\/|per) ?month|monthly/i,
        outcome: 'out_of_credit',
        detail: 'The monthly allowance of the trial key is used up.',
      },
    ],
  },
});
