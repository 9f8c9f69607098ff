import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { notificationTypes } from './notification-events';

it('are the ones of docs/webhooks.md', () => {
  const page = readFileSync(join(__dirname, '../../../../docs/webhooks.md'), 'utf8');
  const documented = [...page.matchAll(/^\| `([a-z.]+)`/gm)].map(([, type]) => type);
  expect(documented).toEqual([...notificationTypes]);
});
