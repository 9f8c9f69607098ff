import { CatalogueLookup, possibleIds } from './catalogue-lookup';
import type { FactsEntry, FactsSubject } from './facts.types';

const entry = (id: string, kind: string, name: string): FactsEntry => ({
  id,
  fields: { upstream_names: { [kind]: name } },
  provenance: {},
  prices: new Map(),
});
const subject = (kind: string, upstreamModel: string): FactsSubject => ({
  id: 'dep',
  kind,
  upstreamModel,
  baseUrl: null,
  modelName: 'smart',
  openrouterId: null,
  stated: { deployment: {}, model: {}, provider: {} },
});

const whole = entry(
  'fireworks/accounts/fireworks/models/llama-v3p3',
  'fireworks',
  'accounts/fireworks/models/llama-v3p3',
);
const short = entry('fireworks/glm-5p1', 'fireworks', 'glm-5p1');
const shortsWhole = entry(
  'fireworks/accounts/fireworks/models/glm-5p1',
  'fireworks',
  'accounts/fireworks/models/glm-5p1',
);

it.each([
  ['a short name of Fireworks', 'llama-v3p3', [whole]],
  ['its whole name', 'accounts/fireworks/models/llama-v3p3', [whole]],
  ['one that has both, by what is called first', 'glm-5p1', [short, shortsWhole]],
  ['one that nobody knows', 'other', []],
])('finds %s', (_what, upstreamModel, expected) => {
  const lookup = new CatalogueLookup([shortsWhole, whole, short]);
  expect(lookup.entriesOf(subject('fireworks', upstreamModel))).toEqual(expected);
});

it('asks the catalogue for each name that the provider has', () => {
  expect(possibleIds(subject('fireworks', 'glm-5p1'))).toEqual([
    'fireworks/glm-5p1',
    'fireworks/accounts/fireworks/models/glm-5p1',
  ]);
  expect(possibleIds(subject('openai', 'gpt-4o'))).toEqual(['openai/gpt-4o']);
});
