import fc from 'fast-check';
import { ManualClock } from '@signalbox/common';
import {
  AttemptPlan,
  type CatalogueDocument,
  type CredentialsDocument,
  type FailureReason,
  failureReasons,
  routingPolicy,
} from '@signalbox/gateway';
import type { AnswerStart, ReadyAnswer } from '../answer/answer-start';
import type { Breakers, BreakerVerdict } from '../breakers/breakers';
import type { FallbackTarget } from '../fallback/fallback-routes';
import { AttemptQueue } from './attempt-queue';
import { type AttemptSender, type BegunAttempt, type RequestCall, RunningAttempt } from './attempt-sender';
import { FailoverRun } from './failover-run';

type Outcome =
  | { kind: 'good' }
  | { kind: 'no key' }
  | { kind: 'failed'; reason: FailureReason; phase: 'not_sent' | 'no_answer' | 'answered' };

interface Told extends Record<string, unknown> {
  outcome: Outcome;
  /** Turns of the event loop until it comes. */
  turns: number;
  takesMs: number;
}

interface Scene {
  models: number[];
  ways: number;
  told: Told[];
  verdicts: BreakerVerdict[];
  attemptLimit: number;
  isHedged: boolean;
  isLitellmDown: boolean;
  takesDetour: boolean;
}

const totalMs = 1_000;
const askedModel = 'model_0';

function catalogueOf(models: number[]): CatalogueDocument {
  return {
    v: 1,
    release_id: 'rel_1',
    release_number: 1,
    models: models.map((deployments, place) => ({
      name: `model_${place}`,
      mode: 'chat',
      deployment_ids: [],
      openrouter_id: null,
      deployments: Array.from({ length: deployments }, (_, index) => ({
        id: `dep_${place}_${index}`,
        provider_id: 'prov_1',
        provider_kind: 'openai',
        needs_key: true,
        credential_id: null,
        weight: 1,
        order: index,
        upstream_model: null,
        base_url: null,
      })),
    })),
  };
}

const platform: CredentialsDocument = {
  v: 1,
  owner_key: 'platform',
  credentials: ['cred_1', 'cred_2'].map((id) => ({
    id,
    provider_id: 'prov_1',
    state: 'verified',
    expires_at: null,
  })),
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** All that is around a run, made of what the scene says. */
class Stage {
  readonly clock = new ManualClock(0);
  readonly begun: { name: string; outcome: Outcome; atMs: number }[] = [];
  /** Verdicts that let a call through, less the ends that were told of it. */
  readonly owed = new Map<string, number>();
  readonly good = { made: 0, discarded: 0 };
  private verdictsAsked = 0;

  constructor(private readonly scene: Scene) {}

  run(): FailoverRun {
    const { models, attemptLimit, isHedged } = this.scene;
    const cascades = { [askedModel]: models.map((_, place) => `model_${place}`) };
    const parsed = routingPolicy.parse({ cascades, cross_vendor: true, attempt_limit: attemptLimit });
    const policy = { ...parsed, hedge_after_ms: isHedged ? 0 : null };
    const plan = new AttemptPlan({
      model: askedModel,
      policy,
      lists: [[], []],
      catalogue: catalogueOf(models),
      key: { organization_id: 'org_1', workspace_id: 'ws_1', user_id: null },
      workspace: { credential_policy: 'byok_then_platform', platform_fallback: false },
      organization: { platform_credentials: true },
      documentOf: (ownerKey) => (ownerKey === 'platform' ? platform : null),
      nowMs: 0,
      random: () => 0,
    });
    const targetsOf = (model: string): Promise<FallbackTarget[]> => Promise.resolve(this.targets(model));
    const isLitellmDown = (): boolean => this.scene.isLitellmDown;
    const queue = new AttemptQueue({
      plan,
      breakers: this.breakers,
      targetsOf,
      isLitellmDown,
      takesDetour: () => this.scene.takesDetour,
    });
    const call = { times: { deadlineMs: totalMs } } as unknown as RequestCall;
    const sender = { begin: (_call: RequestCall, begun: BegunAttempt) => this.begin(begun) };
    const { breakers, clock } = this;
    const parts = {
      sender: sender as AttemptSender,
      breakers,
      performance: {
        note: () => undefined,
        noteFirstToken: () => undefined,
        noteCut: () => undefined,
        notePrompt: () => undefined,
      },
      clock,
    };
    return new FailoverRun(parts, call, queue, policy);
  }

  private readonly breakers: Breakers = {
    openOnes: () => null,
    verdict: (name) => {
      const verdict = this.scene.verdicts[this.verdictsAsked++ % this.scene.verdicts.length]!;
      if (verdict !== 'open') this.owed.set(name, (this.owed.get(name) ?? 0) + 1);
      return verdict;
    },
    note: (name) => void this.owed.set(name, (this.owed.get(name) ?? 0) - 1),
    retryAfterMs: () => 1_000,
  };

  private targets(model: string): FallbackTarget[] {
    return Array.from({ length: this.scene.ways }, (_, index) => ({
      via: 'openrouter',
      model,
      upstreamModel: `${model}/${index}`,
      provider: 'openrouter',
      providerId: null,
      deploymentId: null,
      credential: null,
      prepare: () => Promise.resolve(null),
    }));
  }

  private begin(begun: BegunAttempt): RunningAttempt {
    const { route, model, deploymentId, credential, target } = begun.planned;
    const { outcome, turns, takesMs } = this.scene.told[this.begun.length % this.scene.told.length]!;
    const name = [route, model, deploymentId, credential?.id, target?.upstreamModel].join(' ');
    this.begun.push({ name, outcome, atMs: this.clock.nowMs() });
    return new RunningAttempt(begun, this.clock.nowMs(), async () => {
      for (let left = turns; left > 0; left -= 1) await turn();
      this.clock.advanceMs(takesMs);
      return this.start(outcome);
    });
  }

  private start(outcome: Outcome): AnswerStart | null {
    if (outcome.kind === 'no key') return null;
    if (outcome.kind === 'good') {
      this.good.made += 1;
      const discard = (): void => void (this.good.discarded += 1);
      return { kind: 'good', answer: { status: 200, discard } as unknown as ReadyAnswer };
    }
    const { reason, phase } = outcome;
    const failure = {
      reason,
      phase,
      status: null,
      retryAfterMs: null,
      shown: null,
      ownMark: null,
      detail: '',
    };
    return { kind: 'failed', failure };
  }
}

const reasons = failureReasons.filter((reason) => reason !== 'breaker_open');
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ kind: 'good' } as const) },
  { weight: 1, arbitrary: fc.constant({ kind: 'no key' } as const) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('failed' as const),
      reason: fc.constantFrom(...reasons),
      phase: fc.constantFrom('not_sent', 'no_answer', 'answered'),
    } as const),
  },
);
const scenes: fc.Arbitrary<Scene> = fc.record({
  models: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
  ways: fc.nat(2),
  told: fc.array(fc.record({ outcome, turns: fc.nat(3), takesMs: fc.constantFrom(0, 10, 400) }), {
    minLength: 1,
    maxLength: 8,
  }),
  verdicts: fc.array(fc.constantFrom('closed', 'closed', 'open', 'probe'), { minLength: 1, maxLength: 6 }),
  attemptLimit: fc.integer({ min: 1, max: 6 }),
  isHedged: fc.boolean(),
  isLitellmDown: fc.boolean(),
  takesDetour: fc.boolean(),
});

function isClientMistake(one: Outcome): boolean {
  return one.kind === 'failed' && one.reason === 'client_error';
}

async function play(scene: Scene) {
  const stage = new Stage(scene);
  const run = stage.run();
  const found = await run.find();
  // What lost the race ends later.
  for (let left = 8; left > 0; left -= 1) await turn();
  return { stage, run, found };
}

function always(property: (scene: Scene, played: Awaited<ReturnType<typeof play>>) => void): Promise<void> {
  return fc.assert(
    fc.asyncProperty(scenes, async (scene) => property(scene, await play(scene))),
    { numRuns: 400 },
  );
}

describe('whatever fails', () => {
  it('no more calls reach providers than the limit allows', () =>
    always(({ attemptLimit }, { run }) => {
      expect(run.attempts).toBeLessThanOrEqual(attemptLimit);
      expect(run.lines.length).toBeLessThanOrEqual(attemptLimit);
    }));

  it('nothing is tried twice', () =>
    always((_scene, { stage }) => {
      const names = stage.begun.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }));

  it('each breaker that let a call through hears of its end, once', () =>
    always((_scene, { stage }) => {
      expect([...stage.owed.values()].filter((owed) => owed !== 0)).toEqual([]);
    }));

  it('one good answer is found if there is any, and every other is let go', () =>
    always(({ isHedged }, { stage, found }) => {
      // The client's own mistake is the last word, also where a hedge is answered in that very moment.
      const isMistake = isHedged && stage.begun.some(({ outcome: one }) => isClientMistake(one));
      if (!isMistake) expect(found !== null).toBe(stage.good.made > 0);
      expect(stage.good.discarded).toBe(stage.good.made - (found ? 1 : 0));
    }));

  it('nobody is tried once the time is over', () =>
    always((_scene, { stage }) => {
      for (const { atMs } of stage.begun) expect(atMs).toBeLessThan(totalMs);
    }));

  it("nothing follows the client's own mistake, as the model that was asked for sees it", () =>
    always(({ isHedged }, { stage }) => {
      const place = stage.begun.findIndex(
        ({ name, outcome: one }) => name.split(' ')[1] === askedModel && isClientMistake(one),
      );
      const followers = place === -1 ? 0 : stage.begun.length - 1 - place;
      // A hedge may have been begun before.
      expect(followers).toBeLessThanOrEqual(isHedged ? 1 : 0);
    }));
});

it('all that is under way ends with the reason when the client leaves', async () => {
  const told = [{ outcome: { kind: 'good' } as const, turns: 3, takesMs: 0 }];
  const quiet = {
    ways: 0,
    verdicts: ['probe' as const],
    attemptLimit: 4,
    isLitellmDown: false,
    takesDetour: false,
  };
  const stage = new Stage({ models: [2], told, isHedged: false, ...quiet });
  const run = stage.run();
  const found = run.find();
  await turn();
  run.abort(new Error('gone'));
  await expect(found).rejects.toThrow('gone');
  expect(stage.begun).toHaveLength(1);
  expect([...stage.owed.values()]).toEqual([0]);
  // It came all the same, and is nobody's.
  expect(stage.good).toEqual({ made: 1, discarded: 1 });
});
