import { CatalogueSyncEntity } from '@signalbox/database';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import { insertHeldChange } from '../../../../test/support/held-change';
import type { CatalogueChangeListView, CatalogueChangeView, CatalogueSyncView } from './catalogue.dto';

let api: ApiApp;
let token: string;
const path = '/api/v1/llm/catalogue';

beforeAll(async () => {
  api = await openApiApp();
  token = await api.createToken({ scopes: ['models:read', 'models:write'] });
});
afterAll(() => api.close());

const call = <Body>(method: string, more: string) => api.call<Body>(method, `${path}${more}`, { token });

it('a sync is started once, shown with its progress, and another one after it', async () => {
  const started = await call<CatalogueSyncView>('POST', '/syncs');
  expect([started.status, started.body.state, started.body.step]).toEqual([201, 'running', 'fetch_models']);
  const again = await call<{ code: string }>('POST', '/syncs');
  expect([again.status, again.body.code]).toEqual([409, 'catalogue_sync_in_progress']);
  const list = await call<{ data: CatalogueSyncView[] }>('GET', '/syncs');
  expect(list.body.data).toEqual([started.body]);
  await api.database.transactions.run('platform', (manager) =>
    manager.update(CatalogueSyncEntity, { id: started.body.id }, { state: 'completed', endedAt: new Date() }),
  );
  expect((await call('POST', '/syncs')).status).toBe(201);
});

it('a held change is listed by its state, decided once, and stays decided', async () => {
  const [first, second] = [await insertHeldChange(api.database), await insertHeldChange(api.database)];
  const waiting = await call<CatalogueChangeListView>('GET', '/changes?state=waiting&limit=1');
  expect(waiting.body.data.map(({ id }) => id)).toEqual([second]);
  const next = await call<CatalogueChangeListView>(
    'GET',
    `/changes?state=waiting&limit=1&cursor=${waiting.body.next_cursor}`,
  );
  expect(next.body.data.map(({ id }) => id)).toEqual([first]);
  const approved = await call<CatalogueChangeView>('POST', `/changes/${first}/approve`);
  expect([approved.status, approved.body.state]).toEqual([200, 'approved']);
  expect(approved.body.decided_by).toMatch(/^tok_/);
  expect((await call<CatalogueChangeView>('POST', `/changes/${first}/approve`)).body).toEqual(approved.body);
  const late = await call<{ code: string }>('POST', `/changes/${first}/reject`);
  expect([late.status, late.body.code]).toEqual([409, 'catalogue_change_decided']);
  expect((await call<CatalogueChangeView>('POST', `/changes/${second}/reject`)).body.state).toBe('rejected');
  expect((await call<CatalogueChangeListView>('GET', '/changes?state=waiting')).body.data).toEqual([]);
});
