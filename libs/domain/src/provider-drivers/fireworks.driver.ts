import { fireworksKeys } from './fireworks.keys';
import { httpDriver } from './http.driver';
import { listOfModels } from './openai-dialect';

export const fireworksDriver = httpDriver({
  kind: 'fireworks',
  inference: listOfModels({
    rules: [{ statuses: [412], outcome: 'out_of_credit', detail: 'Fireworks has suspended the account.' }],
  }),
  keys: fireworksKeys,
});
