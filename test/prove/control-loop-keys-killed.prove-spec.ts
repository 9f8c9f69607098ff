import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import type { ProcessName } from '../support/e2e/stack-processes';
import { huntEverywhere } from '../support/e2e/secret-hunt';
import { createTenant, type Tenant } from '../support/e2e/tenants';
import { Traffic } from '../support/e2e/traffic';
import type { Row } from '../support/e2e/figures';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';
import { settle } from './invariants';
import { operate, prepare, type OperationsResult, type Prepared } from './key-operations';
import { keySteps, type Begun } from './key-steps';
import { reportProof } from './proof-report';
import { verifyAudit } from './verify-audit';

const victims: readonly ProcessName[] = ['litellm', 'worker', 'api', 'redis'];
/** While LiteLLM itself is killed nobody can be answered; in all other cases everybody must be. */
const mayInterruptChats = new Set<ProcessName>(['litellm']);

/**
 * kill -9 at each step of create, rotate and revoke. Afterwards PostgreSQL, Redis, LiteLLM and the edge agree on exactly one
 * outcome for each, without a person.
 */
describe('kill -9 at each step of key create, rotate and revoke', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let tenant: Tenant;
  let knownKey: string;
  const values: string[] = [];
  const rows: Row[] = [];

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    tenant = await createTenant(stack, 'keys killed');
    ({ key: knownKey } = await stack.api.createKey(tenant.workspaceId, { key_alias: 'known' }));
    values.push(knownKey);
    await stack.chat.expectAnswer({ key: knownKey, model: loopback.chat });
    await settle(stack, values);
  });
  afterAll(async () => {
    reportProof('kill -9 at each step of key create, rotate and revoke', rows);
    await provider.close();
    await stack.close();
  });

  const cases = keySteps.flatMap((step) => victims.map((victim) => ({ step, victim })));

  it.each(cases.map((one) => [one.step.name, one.victim, one] as const))(
    '%s: %s',
    async (_step, victim, { step }) => {
      const label = `case ${rows.length} ${process.pid}`;
      const prepared = await prepare(stack, tenant.workspaceId, label);
      values.push(prepared.toRotate.key, prepared.toRevoke.key);
      await settle(stack, values.slice(-2));
      const traffic = new Traffic({ chat: stack.chat, key: knownKey, model: loopback.chat, clients: 2 });
      const { result, killed } = await killAtStep(prepared, victim, step.hold);
      values.push(...result.values);
      await stack.processes.waitUntilBack(victim, killed);
      const settledMs = await settle(stack, result.values);
      const chats = await traffic.stop();
      const { create, rotate, revoke } = result.requests;
      rows.push({
        step: step.name,
        killed: victim,
        'requests create/rotate/revoke': `${create}/${rotate}/${revoke}`,
        settled_ms: settledMs,
        chats: chats.plainCount + chats.streamedCount,
        failed_chats: chats.failures.length,
        interrupted_ms: chats.interruptedMs,
      });
      if (!mayInterruptChats.has(victim)) expect(chats.failures).toEqual([]);
    },
  );

  it('leaves nothing behind: all keys of all cases fit, everywhere', async () => {
    await settle(stack, values);
    expect(rows).toHaveLength(cases.length);
  });

  it('leaves every audit chain whole', () => {
    expect(verifyAudit(stack)).toMatch(/, 0 broken$/);
  });

  it('leaves none of the values in a log, a table, Redis or on a command line', async () => {
    const needles = Object.fromEntries(values.map((value, index) => [`value ${index}`, value]));
    const finds = await huntEverywhere(stack, needles);
    reportProof('secrets hunt after the kills', [{ values: values.length, found: finds.length }]);
    expect(finds).toEqual([]);
  });

  async function killAtStep(
    prepared: Prepared,
    victim: ProcessName,
    hold: (typeof keySteps)[number]['hold'],
  ): Promise<{ result: OperationsResult; killed: number }> {
    let operations: Promise<OperationsResult> | undefined;
    let killed = 0;
    const begin = (): Begun => {
      operations = operate(stack, prepared);
      // Heard below; without this line a failure before that would end the run.
      operations.catch(() => undefined);
      return { operations, prepared };
    };
    await hold(stack, begin, async () => {
      killed = await stack.processes.kill(victim);
    });
    if (!operations) throw new Error('the step began no operation');
    return { result: await operations, killed };
  }
});
