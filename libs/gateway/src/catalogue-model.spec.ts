import { findCatalogueModel } from './catalogue-model';
import type { CatalogueDocument } from './projection.documents';

const catalogue: CatalogueDocument = {
  v: 1,
  release_id: 'rel_1',
  release_number: 1,
  models: ['*', 'openai/*', 'openai/gpt-4o', 'openai/ft/*', 'smart'].map((name) => ({
    name,
    mode: 'chat',
    deployment_ids: [],
    deployments: [],
    openrouter_id: null,
  })),
};

it.each([
  ['smart', 'smart'],
  ['openai/gpt-4o', 'openai/gpt-4o'],
  ['openai/gpt-4o-mini', 'openai/*'],
  ['openai/ft/x', 'openai/ft/*'],
  ['openai', '*'],
  ['smarter', '*'],
])('%s is served by %s', (model, expected) => {
  expect(findCatalogueModel(catalogue, model)?.name).toBe(expected);
});

it('knows nothing of other names when there is no wildcard for all', () => {
  const narrow = { ...catalogue, models: catalogue.models.filter(({ name }) => name !== '*') };
  expect(findCatalogueModel(narrow, 'smarter')).toBeNull();
  expect(findCatalogueModel(narrow, 'openai')).toBeNull();
});
