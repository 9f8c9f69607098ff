import { distributionOf, type Row } from '../support/e2e/figures';
import {
  createModel,
  loopback,
  loopbackProviderId,
  useLoopbackProvider,
} from '../support/e2e/loopback-models';
import { PlainLitellm } from '../support/e2e/plain-litellm';
import { waitForOutcome } from '../support/e2e/releases';
import { createTenant } from '../support/e2e/tenants';
import type { ReleaseView } from '../support/e2e/admin-api';
import { openStack, type E2eStack } from '../support/e2e-stack';
import { waitUntil } from '../support/wait-until';
import { shuffled } from './measure';

const rounds = 5;
const phaseMs = 180_000;
const baseline = 'plain LiteLLM, start to liveliness (baseline)';

type Phases = Record<string, number>;

/** `npm run bench -- release`: from apply to serving, phase by phase, beside a plain start of LiteLLM in the same rounds. */
export async function run(): Promise<Row[]> {
  const stack = openStack();
  const provider = await useLoopbackProvider(stack);
  const valuesMs = new Map<string, number[]>();
  const note = (phases: Phases): void => {
    for (const [name, ms] of Object.entries(phases)) valuesMs.set(name, [...(valuesMs.get(name) ?? []), ms]);
  };
  try {
    const tenant = await createTenant(stack, 'release bench');
    const { key } = await stack.api.createKey(tenant.workspaceId);
    for (let round = 0; round < rounds; round += 1) {
      for (const work of shuffled([() => timeRelease(stack, key, round), () => timePlainStart(stack)])) {
        note(await work());
      }
      console.log(`round ${round + 1} of ${rounds}`);
    }
    return toRows(valuesMs);
  } finally {
    await Promise.all([provider.close(), stack.close()]);
  }
}

async function timePlainStart(stack: E2eStack): Promise<Phases> {
  const startedAtMs = performance.now();
  const plain = await PlainLitellm.start(stack);
  const ms = performance.now() - startedAtMs;
  await plain.stop();
  return { [baseline]: ms };
}

async function timeRelease(stack: E2eStack, key: string, round: number): Promise<Phases> {
  const name = `bench-${round}`;
  await createModel(stack, name, 'chat', await loopbackProviderId(stack), name);
  const marks = [performance.now()];
  const mark = (): void => void marks.push(performance.now());
  const { id } = await stack.api.post<ReleaseView>('/config/releases', { note: name });
  mark();
  await untilPhase(stack, id, ['starting', 'verifying', 'active']);
  mark();
  await untilPhase(stack, id, ['verifying', 'active']);
  mark();
  await untilPhase(stack, id, ['active']);
  mark();
  await waitUntil(async () => (await stack.chat.send({ key, model: name })).problem === null, {
    deadlineMs: phaseMs,
    what: 'the new model to be served',
    pollEveryMs: 5,
  });
  mark();
  const outcome = await waitForOutcome(stack, id);
  if (outcome.status !== 'active') throw new Error(`release ${outcome.number} failed: ${outcome.failure}`);
  await stack.chat.expectAnswer({ key, model: loopback.chat });
  return toPhases(marks);
}

function toPhases(marks: readonly number[]): Phases {
  const between = (index: number): number => (marks[index + 1] ?? Number.NaN) - (marks[index] ?? Number.NaN);
  return {
    'compile, lint, commit (POST answered)': between(0),
    'runner takes it': between(1),
    'LiteLLM starts': between(2),
    'verify and switch': between(3),
    'first chat served by it': between(4),
    'apply to serving, in all': (marks.at(-1) ?? Number.NaN) - (marks[0] ?? Number.NaN),
  };
}

async function untilPhase(stack: E2eStack, releaseId: string, phases: readonly string[]): Promise<void> {
  await waitUntil(
    async () => {
      const { active, candidate, last_failure: failure } = await stack.processes.runnerState();
      if (failure?.release_id === releaseId) return true;
      const phase = active?.release_id === releaseId ? 'active' : candidate?.phase;
      const isOurs = active?.release_id === releaseId || candidate?.release_id === releaseId;
      return isOurs && phase !== undefined && phases.includes(phase);
    },
    { deadlineMs: phaseMs, what: `the release to be ${phases.join(' or ')}`, pollEveryMs: 5 },
  );
}

function toRows(valuesMs: ReadonlyMap<string, number[]>): Row[] {
  const base = distributionOf(valuesMs.get(baseline) ?? []);
  return [...valuesMs].map(([phase, values]) => {
    const figures = distributionOf(values);
    return Object.assign({ phase }, figures, {
      'p50 / plain start': Math.round((figures.p50_ms / base.p50_ms) * 100) / 100,
    });
  });
}
