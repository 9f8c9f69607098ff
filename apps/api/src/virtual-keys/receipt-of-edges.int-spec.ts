import { JobProducer } from '@signalbox/jobs';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import { type EdgeApp, openEdgeApp } from '../../../../test/support/edge-app';
import { waitUntil } from '../../../../test/support/wait-until';
import type { ShownKeyReceiptView } from './receipt.view';
import type { VirtualKeyWithReceiptView, VirtualKeyWithValueView } from './virtual-key.view';

const rounds = 30;

jest.setTimeout(60_000);

let edges: EdgeApp;
let urls: string[];
let api: ApiApp;
let token: string;

beforeAll(async () => {
  edges = await openEdgeApp();
  urls = [edges.url, (await edges.startSecondEdge()).url, (await edges.startSecondEdge()).url];
  api = await openApiApp({ config: { redisPrefix: edges.projection.prefix } });
  jest.spyOn(api.get(JobProducer), 'add').mockResolvedValue(false);
  token = await api.createToken();
});
afterAll(async () => {
  await api.close();
  await edges.close();
});

const call = <Body>(method: string, path: string, body?: object) =>
  api.call<Body>(method, `/api/v1/${path}`, { token, ...(body ? { body } : {}) });

/** What each of the edges answers to this key. */
async function answersTo(value: string): Promise<number[]> {
  const headers = { authorization: `Bearer ${value}` };
  return Promise.all(urls.map(async (url) => (await fetch(`${url}/v1/models`, { headers })).status));
}

describe('a revocation with three edges', () => {
  it('is known to each of them once the receipt is complete', async () => {
    const organization = await call<{ id: string }>('POST', 'organizations', { name: 'Acme' });
    const settings = { organization_id: organization.body.id, name: 'main' };
    const workspace = await call<{ id: string }>('POST', 'workspaces', settings);
    const delaysMs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const made = await call<VirtualKeyWithValueView>('POST', 'keys', { workspace_id: workspace.body.id });
      const { id, key } = made.body;
      expect(await answersTo(key)).toEqual([200, 200, 200]);
      const revoked = await call<VirtualKeyWithReceiptView>('POST', `keys/${id}/revoke`);
      const receipt = await waitUntil(
        async () => {
          const { body } = await call<ShownKeyReceiptView>('GET', `keys/${id}/receipt`);
          return body.complete && body.edges.length === 3 && body;
        },
        { deadlineMs: 5_000, what: 'the receipt of three edges' },
      );
      expect(await answersTo(key)).toEqual([401, 401, 401]);
      expect(receipt.version).toBe(2);
      if (revoked.body.receipt?.complete) expect(revoked.body.receipt.edges).toEqual(receipt.edges);
      delaysMs.push(...receipt.edges.flatMap(({ delay_ms }) => delay_ms ?? []));
    }
    expect(delaysMs).toHaveLength(rounds * 3);
    delaysMs.sort((one, other) => one - other);
    const at = (part: number) => delaysMs[Math.floor(delaysMs.length * part)];
    process.stdout.write(`revocation to receipt: median ${at(0.5)} ms, p99 ${at(0.99)} ms\n`);
  });
});
