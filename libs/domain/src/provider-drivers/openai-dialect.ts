import { hasList } from './answer-fields';
import type { ProbeSpec } from './probe-spec';

/** The list of models, as OpenAI and everybody who copied it answers it. It needs the key and costs nothing. */
export function listOfModels(more: Omit<Partial<ProbeSpec>, 'request'> = {}): ProbeSpec {
  return {
    request: (baseUrl) => ({ method: 'GET', url: `${baseUrl}/models`, keyHeader: 'bearer' }),
    isGood: (body) => hasList(body, 'data'),
    ...more,
  };
}
