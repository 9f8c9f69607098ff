import { hasList } from './answer-fields';
import { httpDriver } from './http.driver';
import { openaiKeys } from './openai.keys';
import { listOfModels } from './openai-dialect';
import type { AnswerRule } from './probe-spec';

/** OpenAI answers 401 also where the key is good: https://platform.openai.com/docs/guides/error-codes */
const rules: readonly AnswerRule[] = [
  {
    statuses: [401],
    text: /ip.{0,20}not authorized|not authorized.{0,20}\bip\b|member of an organization|mismatched_(organization|project)/i,
    outcome: 'forbidden',
    detail:
      'The key exists, but not for this: check the IP allowlist of the project and the membership in the organization.',
  },
  {
    statuses: [401, 403],
    text: /insufficient permissions|missing scopes/i,
    outcome: 'forbidden',
    detail: 'The key exists and is restricted: give it the permission to list models (api.model.read).',
  },
];

export const openaiDriver = httpDriver({
  kind: 'openai',
  inference: listOfModels({ rules }),
  admin: {
    request: (baseUrl) => ({
      method: 'GET',
      url: `${baseUrl}/organization/projects?limit=1`,
      keyHeader: 'bearer',
    }),
    isGood: (body) => hasList(body, 'data'),
    rules,
  },
  keys: openaiKeys,
});
