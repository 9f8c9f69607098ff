import { httpDriver } from './http.driver';
import { listOfModels } from './openai-dialect';

export const groqDriver = httpDriver({
  kind: 'groq',
  inference: listOfModels({
    rules: [
      {
        statuses: [400],
        text: /organization_restricted/,
        outcome: 'forbidden',
        detail: 'The key exists, but Groq has restricted its organization.',
      },
      {
        statuses: [498, 499],
        outcome: 'provider_down',
        detail: 'The provider has no capacity at the moment.',
      },
    ],
  }),
});
