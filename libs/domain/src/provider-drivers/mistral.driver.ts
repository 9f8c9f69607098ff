import { httpDriver } from './http.driver';
import { listOfModels } from './openai-dialect';

export const mistralDriver = httpDriver({
  kind: 'mistral',
  inference: listOfModels(),
});
