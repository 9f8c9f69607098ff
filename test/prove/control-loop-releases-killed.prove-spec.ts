import type { ReleaseView } from '../support/e2e/admin-api';
import type { Row } from '../support/e2e/figures';
import {
  createModel,
  loopback,
  loopbackProviderId,
  useLoopbackProvider,
} from '../support/e2e/loopback-models';
import { waitForOutcome } from '../support/e2e/releases';
import type { ProcessName } from '../support/e2e/stack-processes';
import { createTenant } from '../support/e2e/tenants';
import { Traffic } from '../support/e2e/traffic';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';
import { settle } from './invariants';
import { insist } from './persistent-client';
import { reportProof } from './proof-report';
import { verifyAudit } from './verify-audit';
import { releaseSteps, type BegunRelease, type ReleaseStep } from './release-steps';

type Victim = ProcessName | 'candidate';

const victims: readonly Victim[] = ['litellm', 'worker', 'api', 'redis', 'runner'];
const stepsWithCandidate = new Set(['candidate starting', 'candidate verifying']);
/** Where LiteLLM itself is killed nobody can be answered for a while, and its release may rightly fail. */
const isLitellm = (victim: Victim): boolean => victim === 'litellm' || victim === 'candidate';

/** kill -9 at each step of a release. Afterwards one release is active, everywhere the same, and none is half applied. */
describe('kill -9 at each step of a config release', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let key: string;
  let modelId: string;
  const rows: Row[] = [];

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    const tenant = await createTenant(stack, 'releases killed');
    ({ key } = await stack.api.createKey(tenant.workspaceId));
    const model = await createModel(stack, 'switched', 'chat', await loopbackProviderId(stack), 'switched');
    modelId = model.id;
    await settle(stack, [key]);
  });
  afterAll(async () => {
    reportProof('kill -9 at each step of a config release', rows);
    await provider.close();
    await stack.close();
  });

  const victimsAt = (step: ReleaseStep): readonly Victim[] =>
    stepsWithCandidate.has(step.name) ? victims.concat('candidate') : victims;
  const cases = releaseSteps.flatMap((step) => victimsAt(step).map((victim) => ({ step, victim })));

  it.each(cases.map((one) => [one.step.name, one.victim, one] as const))(
    '%s: %s',
    async (_step, victim, { step }) => {
      const note = `case ${rows.length} of process ${process.pid}`;
      await stack.api.patch(`/llm/models/${modelId}`, { enabled: rows.length % 2 === 1 });
      const traffic = new Traffic({ chat: stack.chat, key, model: loopback.chat, clients: 2 });
      const startedAtMs = performance.now();
      const { created, killed } = await killAtStep(note, victim, step);
      if (victim !== 'candidate') await stack.processes.waitUntilBack(victim, killed);
      const outcome = await waitForOutcome(stack, created?.id ?? (await idOf(note)));
      const settledMs = await settle(stack, [key]);
      const chats = await traffic.stop();
      rows.push({
        step: step.name,
        killed: victim,
        outcome: outcome.status,
        total_ms: Math.round(performance.now() - startedAtMs),
        settled_ms: settledMs,
        chats: chats.plainCount + chats.streamedCount,
        failed_chats: chats.failures.length,
        interrupted_ms: chats.interruptedMs,
      });
      expect(await countOf(note)).toBe(1);
      expect(isLitellm(victim) ? ['active', 'failed'] : ['active']).toContain(outcome.status);
      if (victim !== 'litellm') expect(chats.failures).toEqual([]);
    },
  );

  it('leaves every audit chain whole', () => {
    expect(verifyAudit(stack)).toMatch(/, 0 broken$/);
  });

  async function killAtStep(
    note: string,
    victim: Victim,
    { hold }: ReleaseStep,
  ): Promise<{ created: ReleaseView | null; killed: number }> {
    let created: Promise<ReleaseView | null> = Promise.resolve(null);
    let killed = 0;
    const begin = (): BegunRelease => {
      created = create(note);
      // Heard below; without this line a failure before that would end the run.
      created.catch(() => undefined);
      return { created, note };
    };
    await hold(stack, begin, async () => {
      killed = await kill(victim);
    });
    return { created: await created, killed };
  }

  async function create(note: string): Promise<ReleaseView | null> {
    const idempotencyKey = note.replaceAll(' ', '-');
    const body = { note, force: true };
    return (await insist<ReleaseView>(stack, '/config/releases', body, idempotencyKey)).body;
  }

  async function kill(victim: Victim): Promise<number> {
    if (victim !== 'candidate') return stack.processes.kill(victim);
    const { candidate } = await stack.processes.runnerState();
    if (!candidate?.pid) throw new Error('the runner has no candidate any more');
    process.kill(candidate.pid, 'SIGKILL');
    return candidate.pid;
  }

  async function idOf(note: string): Promise<string> {
    const rows = await stack.stores.query<{ id: string }>('SELECT id FROM config_releases WHERE note = $1', [
      note,
    ]);
    if (!rows[0]) throw new Error(`no release has the note ${note}`);
    return rows[0].id;
  }

  async function countOf(note: string): Promise<number> {
    return (await stack.stores.query('SELECT id FROM config_releases WHERE note = $1', [note])).length;
  }
});
