import { hashVirtualKeyValue } from '@signalbox/gateway';
import type { CreatedKey } from '../support/e2e/admin-api';
import type { Row } from '../support/e2e/figures';
import { sendTo } from '../support/e2e/litellm-direct';
import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { PlainLitellm } from '../support/e2e/plain-litellm';
import { runQuery } from '../support/e2e/stack-stores';
import { createTenant, type Tenant } from '../support/e2e/tenants';
import { Traffic } from '../support/e2e/traffic';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import { replyTo } from '../stand-ins/provider-answers';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';
import { settle } from './invariants';
import { reportProof } from './proof-report';

const keyCount = 1_000;
const sampleSize = 50;
const chatsWhileDown = 300;

/** Whole stores go away, with 1,000 keys in them. */
describe('outages', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let tenant: Tenant;
  let keys: CreatedKey[];
  let sample: string[];
  const rows: Row[] = [];

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    tenant = await createTenant(stack, 'outages');
    keys = await createKeys();
    sample = keys.slice(0, sampleSize).map(({ key }) => key);
    await settle(stack, sample, 300_000);
  });
  afterAll(async () => {
    reportProof(`outages, ${keyCount} keys`, rows);
    await provider.close();
    await stack.close();
  });

  async function createKeys(): Promise<CreatedKey[]> {
    const made: CreatedKey[] = [];
    while (made.length < keyCount) {
      const batch = Array.from({ length: 10 }, () => stack.api.createKey(tenant.workspaceId));
      made.push(...(await Promise.all(batch)));
    }
    return made;
  }

  async function underTraffic(what: string, work: () => Promise<Row>): Promise<void> {
    const traffic = new Traffic({ chat: stack.chat, key: sample[0] ?? '', model: loopback.chat, clients: 4 });
    const figures = await work().catch(async (error: unknown) => {
      await traffic.stop();
      throw error;
    });
    const { plainCount, streamedCount, failures } = await traffic.stop();
    rows.push({ what, chats: plainCount + streamedCount, failed_chats: failures.length, ...figures });
    expect(failures).toEqual([]);
  }

  it('FLUSHALL: known keys are answered, no key is ever called unknown, everything is rebuilt', async () => {
    await underTraffic('FLUSHALL on Redis', async () => {
      const neverUsed = keys.at(-1)?.key ?? '';
      const codes: (string | null)[] = [];
      const startedAtMs = performance.now();
      await stack.stores.redis.flushall();
      await waitUntil(
        async () => {
          const { code, problem } = await stack.chat.send({ key: neverUsed, model: loopback.chat });
          codes.push(code);
          return problem === null;
        },
        { deadlineMs: 60_000, what: 'a key that no edge had used' },
      );
      const answeredMs = Math.round(performance.now() - startedAtMs);
      expect(codes).not.toContain('key_unknown');
      await settle(stack, sample);
      return { new_key_answered_ms: answeredMs, healed_ms: Math.round(performance.now() - startedAtMs) };
    });
  });

  it("LiteLLM's database dropped: chats go on, and all keys come back by themselves", async () => {
    await underTraffic("LiteLLM's database dropped", async () => {
      const startedAtMs = performance.now();
      const name = new URL(stack.facts.litellm_database_url).pathname.slice(1);
      await stack.stores.query(`DROP DATABASE "${name}" WITH (FORCE)`);
      await settle(stack, sample, 400_000);
      return { healed_ms: Math.round(performance.now() - startedAtMs) };
    });
    await expectPlainLitellmToKnowTheKeys('custom auth taken out, after the restore');
  });

  it('PostgreSQL down: known keys are answered through LiteLLM', async () => {
    await underTraffic('PostgreSQL down', async () => {
      const startedAtMs = performance.now();
      await stack.processes.withoutRestarts(async () => {
        await stack.processes.kill('postgres');
        await waitUntil(async () => !(await isPostgresUp()), {
          deadlineMs: 10_000,
          what: 'PostgreSQL to be gone',
        });
        for (let count = 0; count < chatsWhileDown; count += 1) {
          const key = sample[count % sample.length] ?? '';
          const outcome = await stack.chat.expectAnswer({
            key,
            model: loopback.chat,
            isStreamed: count % 2 === 1,
          });
          expect(outcome.headers['x-litellm-version']).toBeTruthy();
        }
        expect(await isPostgresUp()).toBe(false);
      });
      const downMs = Math.round(performance.now() - startedAtMs);
      await settle(stack, sample, 300_000);
      return { down_ms: downMs, healed_ms: Math.round(performance.now() - startedAtMs) };
    });
  });

  it('LiteLLM killed while PostgreSQL is down: it starts without its database and gets it back later', async () => {
    const startedAtMs = performance.now();
    let answeredMs = 0;
    await stack.processes.withoutRestarts(async () => {
      await stack.processes.kill('postgres');
      await waitUntil(async () => !(await isPostgresUp()), {
        deadlineMs: 10_000,
        what: 'PostgreSQL to be gone',
      });
      await stack.processes.kill('litellm');
      await waitUntil(
        async () => (await stack.chat.send({ key: sample[1] ?? '', model: loopback.chat })).problem === null,
        {
          deadlineMs: 180_000,
          what: 'an answer without any database',
          pollEveryMs: 200,
        },
      );
      answeredMs = Math.round(performance.now() - startedAtMs);
      expect((await stack.processes.runnerState()).active?.database_mode).toBe(false);
    });
    await underTraffic('LiteLLM killed while PostgreSQL is down', async () => {
      await settle(stack, sample, 400_000);
      return { answered_ms: answeredMs, healed_ms: Math.round(performance.now() - startedAtMs) };
    });
  });

  it('custom auth taken out: mirrored keys work as plain LiteLLM keys, revoked ones do not', async () => {
    const [revoked, ...others] = await Promise.all(
      Array.from({ length: 3 }, () => stack.api.createKey(tenant.workspaceId)),
    );
    if (!revoked) throw new Error('no key was created');
    await settle(stack, [revoked.key]);
    await stack.api.revokeKey(revoked.id);
    await settle(stack, [revoked.key]);
    sample.push(...others.map(({ key }) => key));
    await expectPlainLitellmToKnowTheKeys('custom auth taken out', revoked.key);
  });

  async function expectPlainLitellmToKnowTheKeys(what: string, revokedKey?: string): Promise<void> {
    const plain = await PlainLitellm.start(stack);
    try {
      const ask = (key: string): ReturnType<typeof sendTo> =>
        sendTo(plain.url, {
          path: '/v1/chat/completions',
          headers: { authorization: `Bearer ${key}` },
          body: { model: loopback.chat, messages: [{ role: 'user', content: 'alone' }] },
        });
      let answered = 0;
      for (const key of sample) {
        const { body } = await ask(key);
        if (JSON.stringify(body).includes(replyTo('alone'))) answered += 1;
      }
      const refused = revokedKey === undefined ? null : (await ask(revokedKey)).status;
      rows.push({ what, keys_tried: sample.length, keys_answered: answered, revoked_key_gets: refused });
      expect(answered).toBe(sample.length);
      if (refused !== null) expect(refused).toBe(401);
    } finally {
      await plain.stop();
    }
  }

  it('everything at once: api, worker, redis, runner and LiteLLM killed together', async () => {
    const startedAtMs = performance.now();
    const names = ['litellm', 'runner', 'api', 'worker', 'redis'] as const;
    const killed = await Promise.all(names.map((name) => stack.processes.kill(name)));
    for (const [index, name] of names.entries())
      await stack.processes.waitUntilBack(name, killed[index] ?? 0);
    await settle(stack, sample, 300_000);
    const { key } = await stack.api.createKey(tenant.workspaceId);
    await stack.chat.expectAnswer({ key, model: loopback.chat });
    await waitUntil(() => stack.litellm.keyInfo(hashVirtualKeyValue(key)), {
      deadlineMs: 60_000,
      what: 'its mirror',
    });
    rows.push({
      what: 'all processes killed together',
      healed_ms: Math.round(performance.now() - startedAtMs),
    });
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
