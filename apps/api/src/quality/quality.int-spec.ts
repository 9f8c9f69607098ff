import { newId } from '@signalbox/common';
import { systemCaller } from '@signalbox/domain/access';
import { QualityService } from '@signalbox/domain/quality';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import type { QualityList, QualityProposalList, QualityProposalView, QualityView } from './quality.dto';

let api: ApiApp;
let token: string;
const path = '/api/v1/llm/quality';

beforeAll(async () => {
  api = await openApiApp();
  token = await api.createToken({ scopes: ['models:read', 'models:write'] });
  await query(
    `INSERT INTO catalogue_entries (id, name, vendor, mode, status, fingerprint)
     VALUES ('openai/gpt-4o-mini', 'x', 'openai', 'chat', 'active', ''), ('acme/prices', 'x', 'acme', 'chat', 'active', '')`,
  );
});
afterAll(() => api.close());

const query = (sql: string) =>
  api.database.transactions.run('platform', (manager) => manager.query<Record<string, unknown>[]>(sql));
const call = <Body>(method: string, more: string, body?: unknown) =>
  api.call<Body>(method, `${path}${more}`, { token, ...(body === undefined ? {} : { body }) });
const propose = async (model: string, score: number, runId = newId('benchmarkRun')) => {
  const proposal = { model, score, arithmetic: `${score * 40} of 40 tasks`, runId };
  return api.get(QualityService).propose(systemCaller('test'), proposal);
};
const inForce = async (source: string) =>
  (await call<QualityList>('GET', `?source=${source}`)).body.data.map(({ subject, score }) => [
    subject,
    score,
  ]);
const isFactsItemWaiting = async () => {
  const rows = await query(`DELETE FROM outbox_items WHERE topic = 'project.facts' RETURNING 1`);
  return (rows[1] as unknown) === 1;
};

it('lists the table with its sources, page by page', async () => {
  const first = (await call<QualityList>('GET', '?search=gpt-4O-mini')).body;
  expect(first.data).toEqual([
    expect.objectContaining({
      source: 'table',
      score: 0.576,
      figure: 1288,
      figure_source: 'arena-2025-08-04',
    }),
  ]);
  expect(first.table.sources['arena-2025-08-04']).toMatchObject({ as_of: '2025-08-04' });
  const subjects: string[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const { data, next_cursor } = (await call<QualityList>('GET', `?limit=40${more}`)).body;
    subjects.push(...data.map(({ subject }) => subject));
    cursor = next_cursor;
  }
  expect(subjects.length).toBeGreaterThan(80);
  expect(subjects).toEqual([...new Set(subjects)].sort());
});

it.each(['openai/gpt-4o-mini', 'openai%2Fgpt-4o-mini', 'acme/prices'])(
  'sets, replaces and takes back %s',
  async (name) => {
    const subject = decodeURIComponent(name);
    const set = await call<QualityView>('PUT', `/${name}`, { score: 0.9, note: 'our own test' });
    expect(set).toMatchObject({
      status: 200,
      body: { subject, score: 0.9, source: 'admin', note: 'our own test' },
    });
    expect(await isFactsItemWaiting()).toBe(true);
    await call('PUT', `/${name}`, { score: 0.25 });
    expect(await inForce('admin')).toEqual([[subject, 0.25]]);
    expect((await call('DELETE', `/${name}`)).status).toBe(204);
    expect(await isFactsItemWaiting()).toBe(true);
    expect(await inForce('admin')).toEqual([]);
    expect((await call<{ code: string }>('DELETE', `/${name}`)).body.code).toBe('quality_score_not_found');
  },
);

it('refuses a name that nobody has, and what is no score', async () => {
  expect((await call<{ code: string }>('PUT', '/gtp-4o', { score: 1 })).body.code).toBe('model_not_found');
  for (const score of [-0.1, 1.1, '1', null]) {
    expect((await call('PUT', '/acme/prices', { score })).status).toBe(400);
  }
});

it('has proposals decided once; an accepted one takes the place of what was set', async () => {
  await call('PUT', '/acme/prices', { score: 0.2 });
  const [good, bad] = [await propose('acme/prices', 0.75), await propose('acme/prices', 0.5)];
  expect((await propose('acme/prices', 0.6, good.benchmarkRunId!)).id).toBe(good.id);
  const waiting = await call<QualityProposalList>('GET', '/proposals?state=proposed');
  expect(waiting.body.data.map(({ id, arithmetic }) => [id, arithmetic])).toEqual([
    [bad.id, '20 of 40 tasks'],
    [good.id, '30 of 40 tasks'],
  ]);
  expect(await inForce('benchmark')).toEqual([]);
  const accept = () => call<QualityProposalView>('POST', `/proposals/${good.id}/accept`);
  expect((await accept()).body).toMatchObject({ state: 'in_force', score: 0.75 });
  expect((await accept()).body.state).toBe('in_force');
  expect(await inForce('benchmark')).toEqual([['acme/prices', 0.75]]);
  expect(await inForce('admin')).toEqual([]);
  expect((await call<{ code: string }>('POST', `/proposals/${good.id}/reject`)).body.code).toBe(
    'quality_proposal_decided',
  );
  expect((await call<QualityProposalView>('POST', `/proposals/${bad.id}/reject`)).body.state).toBe(
    'rejected',
  );
  await call('PUT', '/acme/prices', { score: 0.3 });
  const replaced = await call<QualityProposalList>('GET', '/proposals?state=replaced');
  expect(replaced.body.data.map(({ id }) => id)).toEqual([good.id]);
});

it('set by two at once, one of them stays', async () => {
  await call('DELETE', '/acme/prices');
  const answers = await Promise.all([0.1, 0.2, 0.3].map((score) => call('PUT', '/acme/prices', { score })));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(await inForce('admin')).toHaveLength(1);
});
