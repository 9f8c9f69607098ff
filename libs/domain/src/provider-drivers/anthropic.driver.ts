import { hasList } from './answer-fields';
import { versioned } from './base-url-path';
import { anthropicKeys } from './anthropic.keys';
import { httpDriver } from './http.driver';
import type { ProbeSpec } from './probe-spec';

function asks(path: string): ProbeSpec {
  return {
    request: (baseUrl) => ({
      method: 'GET',
      url: `${versioned(baseUrl, 'v1')}/${path}?limit=1`,
      keyHeader: 'x-api-key',
      headers: { 'anthropic-version': '2023-06-01' },
    }),
    isGood: (body) => hasList(body, 'data'),
    rules: [
      {
        statuses: [400],
        text: /credit balance is too low/i,
        outcome: 'out_of_credit',
        detail: 'The account has no credit left.',
      },
      {
        statuses: [404],
        text: /api[_ -]?key/i,
        outcome: 'invalid',
        detail: 'The key is disabled or archived.',
      },
    ],
  };
}

export const anthropicDriver = httpDriver({
  kind: 'anthropic',
  inference: asks('models'),
  admin: asks('organizations/api_keys'),
  keys: anthropicKeys,
});
