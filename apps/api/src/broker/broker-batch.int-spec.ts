import { CredentialEntity } from '@signalbox/database';
import { SecretStores } from '@signalbox/domain/secrets';
import { SecretStoreError } from '@signalbox/secrets';
import { BrokerBench, type BrokerFailure, foreign, type Lease } from '../../../../test/support/broker-bench';
import { waitUntil } from '../../../../test/support/wait-until';

let bench: BrokerBench;

beforeAll(async () => {
  bench = await BrokerBench.open();
});
afterAll(() => bench.close());

describe("the edge's batch", () => {
  interface BatchAnswer extends BrokerFailure {
    leases: (Lease & BrokerFailure & { status: number })[];
  }
  const askBatch = (body: unknown, token: string = bench.api.config.fallbackToken) =>
    bench.api.call<BatchAnswer>('POST', `${bench.api.brokerUrl}/v1/fallback-leases`, { body, token });
  const asked = (credentialId: string, hash = bench.keyHash) => ({
    credential_id: credentialId,
    key_hash: hash,
  });

  it('answers each question as it would be answered alone, in their order', async () => {
    const mine = await bench.addCredential();
    const foreigner = await bench.addKey({
      organizationId: foreign.organization,
      workspaceId: foreign.workspace,
    });
    const organizations = await bench.addCredential({ ownerType: 'organization', workspaceId: null });
    await bench.change(CredentialEntity, organizations.id, { state: 'invalid' });
    const { status, headers, body } = await askBatch({
      leases: [
        asked(mine.id),
        asked(mine.id, foreigner.hash),
        asked(organizations.id),
        asked('no id'),
        asked(mine.id),
      ],
    });
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    const { body: alone } = await bench.lease(mine.id);
    const expected = {
      ...alone,
      status: 200,
      usable_for_ms: expect.any(Number),
      fresh_for_ms: expect.any(Number),
    };
    expect(body.leases.map((one) => [one.credential_id, one.status, one.code])).toEqual([
      [mine.id, 200, undefined],
      [mine.id, 404, 'credential_not_found'],
      [organizations.id, 403, 'credential_unusable'],
      ['no id', 404, 'credential_not_found'],
      [mine.id, 200, undefined],
    ]);
    expect([body.leases[0], body.leases[4]]).toEqual([expected, expected]);
    expect(body.leases.slice(1, 4).some((one) => 'secret' in one)).toBe(false);
  });

  it('names the variable of an environment credential, without a value', async () => {
    const change = { ownerType: 'platform', organizationId: null, workspaceId: null } as const;
    const reference = 'env:OPENROUTER_API_KEY';
    const { id } = await bench.addCredential({ ...change, source: 'env', reference }, null);
    const { body } = await askBatch({ leases: [asked(id)] });
    expect(body.leases).toMatchObject([
      { status: 200, secret: null, environment_variable: 'OPENROUTER_API_KEY' },
    ]);
  });

  it('leaves out the ones that fail, and only those', async () => {
    const mine = await bench.addCredential();
    const organizations = await bench.addCredential({ ownerType: 'organization', workspaceId: null });
    const read = jest.spyOn(bench.api.get(SecretStores).of('sealed'), 'read');
    read.mockRejectedValueOnce(new SecretStoreError('unavailable', 'canary-of-the-store'));
    const { body } = await askBatch({ leases: [asked(mine.id), asked(organizations.id)] });
    read.mockRestore();
    expect(body.leases.map(({ status, code }) => [status, code]).sort()).toEqual(
      [
        [200, undefined],
        [503, 'secret_store_unavailable'],
      ].sort(),
    );
    expect(JSON.stringify(body)).not.toContain('canary');
  });

  it('is sampled into the audit trail like any other use', async () => {
    const { id } = await bench.addCredential();
    await askBatch({ leases: Array.from({ length: 20 }, () => asked(id)) });
    const events = () => bench.usesOf(id);
    await waitUntil(async () => (await events()).length > 0, { deadlineMs: 5_000, what: 'the event' });
    expect(await events()).toHaveLength(1);
  });

  it('has a token of its own: neither opens the other route', async () => {
    const { id } = await bench.addCredential();
    const batch = { leases: [asked(id)] };
    const { brokerToken, internalToken, fallbackToken } = bench.api.config;
    for (const token of [brokerToken, internalToken, 'wrong', `${fallbackToken}x`]) {
      expect((await askBatch(batch, token)).status).toBe(401);
    }
    expect((await bench.ask(asked(id), fallbackToken)).status).toBe(401);
    expect((await askBatch(batch)).status).toBe(200);
    for (const url of [bench.api.url, bench.api.internalUrl]) {
      const options = { token: fallbackToken, body: batch };
      expect((await bench.api.call('POST', `${url}/v1/fallback-leases`, options)).status).toBe(404);
    }
  });

  it.each<[string, unknown]>([
    ['no questions', { leases: [] }],
    ['201 questions', { leases: Array.from({ length: 201 }, () => asked('cred_1', 'ab')) }],
    ['a question without a key', { leases: [{ credential_id: 'cred_1' }] }],
    ['a further field', { leases: [asked('cred_1', 'ab')], all: true }],
    ['a single question', asked('cred_1', 'ab')],
    ['no object', []],
    ['over 64 KB', `{"leases":"${'x'.repeat(70_000)}"}`],
  ])('takes no batch with %s', async (_what, body) => {
    const answer = await askBatch(body);
    expect([answer.status, answer.body.code]).toEqual([400, 'request_invalid']);
  });

  it('takes 200 questions', async () => {
    const { id } = await bench.addCredential();
    const { body } = await askBatch({ leases: Array.from({ length: 200 }, () => asked(id)) });
    expect(body.leases.map(({ status }) => status)).toEqual(Array(200).fill(200));
  });
});
