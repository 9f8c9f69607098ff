import { hashVirtualKeyValue } from '@signalbox/gateway';
import { printTable } from '../support/e2e/figures';
import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { createTenant, type Tenant } from '../support/e2e/tenants';
import type { ProcessName } from '../support/e2e/stack-processes';
import { runQuery } from '../support/e2e/stack-stores';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';

/** Each part is broken once; known keys go on, and the rest comes back without a person. test/prove does it at every step. */
describe('healing', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let tenant: Tenant;
  let knownKey: string;
  const healMs = 90_000;

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    tenant = await createTenant(stack, 'healing');
    ({ key: knownKey } = await stack.api.createKey(tenant.workspaceId, { key_alias: 'known' }));
    await stack.chat.expectAnswer({ key: knownKey, model: loopback.chat });
  });
  afterAll(async () => {
    await provider.close();
    await stack.close();
  });

  const answers = async (key: string): Promise<boolean> =>
    (await stack.chat.send({ key, model: loopback.chat })).problem === null;

  /** Create, use, revoke, refused: each process and store takes part in it. */
  async function expectWholeLoop(): Promise<void> {
    const created = await waitUntil(() => stack.api.createKey(tenant.workspaceId), {
      deadlineMs: healMs,
      what: 'the admin API to create a key',
    });
    await waitUntil(() => answers(created.key), { deadlineMs: healMs, what: 'the new key to be answered' });
    const hash = hashVirtualKeyValue(created.key);
    await waitUntil(() => stack.litellm.keyInfo(hash), {
      deadlineMs: healMs,
      what: 'the new key in LiteLLM',
    });
    await stack.api.revokeKey(created.id);
    const refused = await stack.chat.send({ key: created.key, model: loopback.chat });
    expect(refused.code).toBe('key_revoked');
    await waitUntil(async () => (await stack.litellm.keyInfo(hash)) === null, {
      deadlineMs: healMs,
      what: 'LiteLLM to forget the key',
    });
  }

  it.each<ProcessName>(['worker', 'api', 'redis'])(
    'goes on answering known keys while %s was killed',
    async (name) => {
      const killed = await stack.processes.kill(name);
      expect(await answers(knownKey)).toBe(true);
      await stack.processes.waitUntilBack(name, killed);
      expect(await answers(knownKey)).toBe(true);
      await expectWholeLoop();
    },
  );

  it.each<ProcessName>(['edge', 'runner', 'litellm'])(
    'answers again by itself after %s was killed',
    async (name) => {
      const killed = await stack.processes.kill(name);
      await stack.processes.waitUntilBack(name, killed);
      await waitUntil(() => answers(knownKey), { deadlineMs: healMs, what: 'an answer' });
      await expectWholeLoop();
    },
  );

  it('rebuilds everything in Redis after FLUSHALL, and never calls a known key unknown', async () => {
    const neverUsed = await stack.api.createKey(tenant.workspaceId);
    const startedAtMs = performance.now();
    await stack.stores.redis.flushall();
    const seen: (string | null)[] = [];
    await waitUntil(
      async () => {
        const { problem, code } = await stack.chat.send({ key: neverUsed.key, model: loopback.chat });
        seen.push(code);
        return problem === null;
      },
      { deadlineMs: healMs, what: 'the key that no edge had used' },
    );
    expect(seen).not.toContain('key_unknown');
    const epoch = await waitUntil(
      () => stack.stores.redis.hget(stack.stores.redisKey('projection:meta'), 'epoch'),
      {
        deadlineMs: healMs,
        what: 'a new epoch',
      },
    );
    expect(epoch).toBeTruthy();
    printTable('FLUSHALL', [{ healed_ms: Math.round(performance.now() - startedAtMs) }]);
    await expectWholeLoop();
  });

  it("heals LiteLLM's database after it was dropped, answering all along", async () => {
    const hash = hashVirtualKeyValue(knownKey);
    await waitUntil(() => stack.litellm.keyInfo(hash), {
      deadlineMs: healMs,
      what: 'the known key in LiteLLM',
    });
    const name = new URL(stack.facts.litellm_database_url).pathname.slice(1);
    const startedAtMs = performance.now();
    await stack.stores.query(`DROP DATABASE "${name}" WITH (FORCE)`);
    expect(await answers(knownKey)).toBe(true);
    let dropped = 0;
    await waitUntil(
      async () => {
        if (!(await answers(knownKey))) dropped += 1;
        return stack.litellm.keyInfo(hash);
      },
      { deadlineMs: 200_000, what: 'the known key in the new database', pollEveryMs: 500 },
    );
    printTable("LiteLLM's database dropped", [
      { healed_ms: Math.round(performance.now() - startedAtMs), dropped },
    ]);
    expect(dropped).toBe(0);
    await expectWholeLoop();
  });

  it('answers known keys through LiteLLM while PostgreSQL is down', async () => {
    await stack.processes.withoutRestarts(async () => {
      await stack.processes.kill('postgres');
      await waitUntil(async () => !(await isPostgresUp()), {
        deadlineMs: 10_000,
        what: 'PostgreSQL to be gone',
      });
      for (let count = 0; count < 10; count += 1) {
        const outcome = await stack.chat.expectAnswer({
          key: knownKey,
          model: loopback.chat,
          isStreamed: count % 2 === 0,
        });
        expect(outcome.headers['x-litellm-version']).toBeTruthy();
      }
      const refused = await stack.api.request('POST', '/keys', {
        body: { workspace_id: tenant.workspaceId },
      });
      expect([refused.status, refused.body]).toEqual([
        503,
        expect.objectContaining({ code: 'database_unavailable' }),
      ]);
    });
    await waitUntil(isPostgresUp, { deadlineMs: healMs, what: 'PostgreSQL to be back' });
    await expectWholeLoop();
  });

  async function isPostgresUp(): Promise<boolean> {
    try {
      await runQuery(stack.facts.database_url, 'SELECT 1');
      return true;
    } catch {
      return false;
    }
  }
});
