import { httpDriver } from './http.driver';
import { listOfModels } from './openai-dialect';

export const mistralDriver = httpDriver({
  kind: 'mistral',
  defaultBaseUrl: 'https://api.mistral.ai/v1',
  inference: listOfModels(),
});
