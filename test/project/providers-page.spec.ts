import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { read } from './project-files';
import { providersPage } from './providers-page';

it('docs/providers.md is made from the matrix, and is up to date', () => {
  const page = providersPage();
  if (process.env['UPDATE_PROVIDERS_PAGE'])
    writeFileSync(join(__dirname, '..', '..', 'docs', 'providers.md'), page);
  expect(read('docs/providers.md')).toBe(page);
});
