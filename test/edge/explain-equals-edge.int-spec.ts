import { randomBytes } from 'node:crypto';
import { ManualClock, silentLogger } from '@signalbox/common';
import {
  EdgeStateReader,
  type ExplainedCaller,
  explainRoute,
  type Explanation,
} from '@signalbox/domain/routing';
import {
  breakerName,
  breakersKey,
  type CallSums,
  noCalls,
  isRoutingName,
  type LlmRoute,
  matchLlmRoute,
  performanceKey,
  resolveAlias,
  writeBreakerNews,
  writePerformance,
} from '@signalbox/gateway';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { BreakerBoard } from '../../apps/edge/src/breakers/breaker-board';
import { SharedBreakers } from '../../apps/edge/src/breakers/shared-breakers';
import { CredentialDirectory } from '../../apps/edge/src/keys/credential-directory';
import { type Caller, KeyDirectory } from '../../apps/edge/src/keys/key-directory';
import { LastContact } from '../../apps/edge/src/keys/last-contact';
import { ProjectionReader } from '../../apps/edge/src/keys/projection-reader';
import { ProjectionStore } from '../../apps/edge/src/keys/projection-store';
import { noMetrics } from '../../apps/edge/src/metrics/edge-metrics';
import { PerformanceExchange } from '../../apps/edge/src/performance/performance-exchange';
import { parseCallBody } from '../../apps/edge/src/request/call-body';
import { CandidatesStep } from '../../apps/edge/src/request/candidates.step';
import { checkBody, checkCaller } from '../../apps/edge/src/request/policy.step';
import { Refusal } from '../../apps/edge/src/request/refusal';
import { AttemptQueue } from '../../apps/edge/src/routing/attempt-queue';
import { Classifier } from '../../apps/edge/src/routing/classifier';
import { newRequestRecord } from '../../apps/edge/src/routing/request-record';
import { connectRedis, disconnectRedis } from '../../apps/edge/src/server/redis-connections';
import { keyDocument, organization, ProjectionWriter, workspace } from '../support/edge-app';
import { ownerKeys, type RoutingRequest, type RoutingWorld, routingWorld } from '../support/routing-worlds';
import { waitUntil } from '../support/wait-until';

const redisUrl = process.env['TEST_REDIS_URL'] ?? '';
const worlds = 40;
const requestsOfWorld = 25;
const seed = 20_261_121;
const keyHash = 'a'.repeat(64);

jest.setTimeout(60_000);

let redis: Redis;
beforeAll(() => {
  redis = new Redis(redisUrl);
});
afterAll(() => redis.disconnect());

/** What is tried one after the other if everything fails, or the error that is answered without any call. */
interface Outcome {
  refusal: string | null;
  attempts: (readonly [
    model: string,
    deployment: string | null,
    credential: string | null,
    isCrossVendor: boolean,
  ])[];
  powerLevel: string | null;
  /** As the usage event tells it. */
  decision: { policy: string; explored: boolean; dropped: Record<string, number>; prompt: number } | null;
}

async function write(world: RoutingWorld, prefix: string, nowMs: number): Promise<number> {
  const projection = new ProjectionWriter(redis, prefix);
  await projection.write('settings', 'platform', { routing: world.platform });
  await projection.write('organization', 'org_1', { ...organization, ...world.organization });
  await projection.write('workspace', 'ws_1', { ...workspace, ...world.workspace });
  await projection.write('key', keyHash, { ...keyDocument({}), ...world.key });
  for (const [index, ownerKey] of ownerKeys.entries())
    await projection.write('credentials', ownerKey, {
      owner_key: ownerKey,
      credentials: world.credentials[index]!,
    });
  const { models } = world;
  await projection.write('catalogue', 'current', { release_id: 'rel_1', release_number: 1, models });
  const ids = models.flatMap(({ deployments }) => deployments.map(({ id }) => id));
  const facts = Object.fromEntries(ids.map((id, index) => [id, world.facts[index % world.facts.length]!]));
  await projection.write('facts', 'current', { deployments: facts });
  await projection.complete();
  for (const [edge, figures] of world.edges.entries()) {
    const sums = new Map<string, CallSums>();
    for (const [index, id] of ids.entries()) {
      const one = figures[index % figures.length];
      if (!one) continue;
      const failures = Math.min(one.failed, one.calls);
      const measured = one.calls - failures;
      sums.set(id, {
        ...noCalls,
        atMs: nowMs,
        calls: one.calls,
        measured,
        firstByteSumMs: one.firstByteMs * measured,
        failures,
      });
    }
    await redis.hset(performanceKey(prefix), `edge-${edge}`, writePerformance(sums, nowMs));
  }
  const credentialsOfAll = world.credentials.flat();
  // Those that may be called, not all that there could be.
  const near = models.flatMap(({ deployments }) =>
    deployments.flatMap(({ id, provider_id: provider }) =>
      [null, ...credentialsOfAll.filter((one) => one.provider_id === provider)].map((credential) =>
        breakerName('litellm', id, credential?.id ?? null),
      ),
    ),
  );
  const open = new Set(world.open.map((place) => near[place % near.length]!));
  for (const name of open) {
    const hint = { state: 'open', cause: 'provider_error', untilMs: nowMs + 20_000, opens: 1 } as const;
    await redis.hset(
      breakersKey(prefix),
      name,
      writeBreakerNews({ name, atMs: nowMs, hint }, 'edge-of-others'),
    );
  }
  return open.size;
}

/** The parts of an edge that choose, as Edge puts them together, over the same Redis. */
async function openEdge(prefix: string, clock: ManualClock, openBreakers: number) {
  const connections = connectRedis(redisUrl, silentLogger);
  const { commands } = connections;
  await waitUntil(() => commands.status === 'ready' && connections.subscriber.status === 'ready', {
    deadlineMs: 5_000,
    what: 'the connection to Redis',
    pollEveryMs: 2,
  });
  const store = new ProjectionStore();
  const reader = new ProjectionReader(commands, prefix);
  store.replaceAll(await reader.readAll(), []);
  const directory = new KeyDirectory(store, reader, clock, new LastContact(clock), 3_600_000);
  const credentials = new CredentialDirectory(store, reader, () => true);
  const edgeId = 'edge-of-test';
  const common = { prefix, edgeId, clock, logger: silentLogger };
  const performance = new PerformanceExchange({ ...common, redis: commands });
  await performance.exchange();
  const board = new BreakerBoard({ ...connections, ...common });
  const breakers = new SharedBreakers({
    board,
    clock,
    random: () => 0,
    metrics: noMetrics,
    logger: silentLogger,
  });
  breakers.start();
  await waitUntil(() => breakers.openCount() === openBreakers, {
    deadlineMs: 5_000,
    what: `${openBreakers} open breakers`,
    pollEveryMs: 2,
  });
  const draw = { next: 0 };
  // With the rules alone nobody is asked.
  const classifier = new Classifier({
    litellm: null as never,
    breakers: null as never,
    signingKeys: [],
    clock,
  });
  const candidates = new CandidatesStep({
    credentials,
    breakers,
    performance,
    classifier,
    clock,
    random: () => draw.next,
  });
  return {
    directory,
    candidates,
    breakers,
    draw,
    close: () => {
      breakers.close();
      disconnectRedis(connections);
    },
  };
}
type EdgeParts = Awaited<ReturnType<typeof openEdge>>;

function routeOf(path: string): LlmRoute {
  const match = matchLlmRoute('POST', path);
  if (match.kind !== 'matched') throw new Error(`${path} is no route`);
  return match.route;
}

async function asTheEdgeDoes(
  { directory, candidates, breakers, draw }: EdgeParts,
  { call, sessionId, draw: drawn }: RoutingRequest,
  clock: ManualClock,
): Promise<Outcome> {
  draw.next = drawn;
  const caller = (await directory.find(keyHash)) as Caller;
  const route = routeOf(call.path);
  const record = newRequestRecord(caller, route.name);
  const nowMs = clock.nowMs();
  try {
    checkCaller(caller, null, nowMs);
    const bytes = Buffer.from(JSON.stringify(call.body));
    const body = parseCallBody('application/json', bytes);
    checkBody(body);
    const model = resolveAlias(caller.routing, body.model);
    checkCaller(caller, isRoutingName(caller.routing, model) ? null : model, nowMs);
    const headers = sessionId === undefined ? {} : { 'x-session-id': sessionId };
    const question = { requestId: 'req_1', caller, route, body, byteLength: bytes.length, headers, record };
    const { plan } = await candidates.choose(question);
    const queue = new AttemptQueue({
      plan,
      breakers,
      targetsOf: () => Promise.resolve([]),
      isLitellmDown: () => false,
      takesDetour: () => false,
    });
    const attempts: Outcome['attempts'] = [];
    for (let next = await queue.next(); next; next = await queue.next())
      attempts.push([next.model, next.deploymentId, next.credential?.id ?? null, next.isCrossVendor]);
    return {
      refusal: null,
      attempts,
      powerLevel: record.powerLevel,
      decision: decisionIn(record.decision?.take()),
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const decision = decisionIn(record.decision?.take());
    return { refusal: error.code, attempts: [], powerLevel: record.powerLevel, decision };
  }
}

type Kept = ReturnType<NonNullable<ReturnType<typeof newRequestRecord>['decision']>['take']>;

/** Whose breaker is open is not dropped for good: it comes last. */
function decisionIn(kept: Kept | undefined): Outcome['decision'] {
  if (!kept) return null;
  const { breaker_open: _open, ...dropped } = kept.dropped;
  return { policy: kept.policy, explored: kept.explored, dropped, prompt: kept.needs[0] };
}

function asExplained(explanation: Explanation): Outcome {
  const { refusal, attempts, candidates, orderedBy, powerLevel } = explanation;
  const dropped: Record<string, number> = {};
  for (const { dropped: reason } of candidates)
    if (reason !== null && reason !== 'breaker_open') dropped[reason] = (dropped[reason] ?? 0) + 1;
  const decision = {
    policy: explanation.policyHash,
    explored: explanation.isExploring,
    dropped,
    prompt: explanation.needs.promptTokens,
  };
  return {
    refusal: refusal?.code ?? null,
    attempts: attempts
      .filter(({ breaker }) => breaker === null)
      .map(({ model, deployment, credential, isCrossVendor }) => [
        model,
        deployment?.id ?? null,
        credential?.id ?? null,
        isCrossVendor,
      ]),
    powerLevel,
    decision: orderedBy === 'score' ? decision : null,
  };
}

it(`what is explained is what the edge then does, in ${worlds * requestsOfWorld} random cases`, async () => {
  const clock = new ManualClock(Date.UTC(2026, 10, 21));
  const explained: ExplainedCaller = {
    organizationId: 'org_1',
    workspaceId: 'ws_1',
    userId: null,
    keyHashes: [keyHash],
  };
  const seen = { cases: 0, tried: 0, refused: 0, ranked: 0, skipped: 0 };
  for (const world of fc.sample(routingWorld(requestsOfWorld), { seed, numRuns: worlds })) {
    const prefix = `test-${randomBytes(6).toString('hex')}`;
    const edge = await openEdge(prefix, clock, await write(world, prefix, clock.nowMs()));
    try {
      const caller = { ...explained, userId: world.key.user_id ?? null };
      const state = await new EdgeStateReader(redis, prefix).read(caller, clock.nowMs());
      for (const request of world.requests) {
        const { call, sessionId, draw } = request;
        const explanation = explainRoute(state, caller, {
          route: routeOf(call.path),
          model: String(call.body['model']),
          fields: call.body,
          byteLength: Buffer.byteLength(JSON.stringify(call.body)),
          sessionId,
          draw,
        });
        const said = asExplained(explanation);
        const done = await asTheEdgeDoes(edge, request, clock);
        // Before the candidates are looked at there is no decision to compare.
        const isEarly = done.refusal !== null && done.decision === null;
        expect({
          case: seen.cases,
          call,
          ...said,
          ...(isEarly && { decision: null, powerLevel: null }),
        }).toEqual({
          case: seen.cases,
          call,
          ...done,
          ...(isEarly && { powerLevel: null }),
        });
        seen.cases += 1;
        seen.tried += done.attempts.length > 0 ? 1 : 0;
        seen.refused += done.refusal === null ? 0 : 1;
        seen.ranked += done.decision ? 1 : 0;
        seen.skipped += explanation.attempts.some(({ breaker }) => breaker !== null) ? 1 : 0;
      }
    } finally {
      edge.close();
      await redis.del(
        `${prefix}:projection`,
        `${prefix}:projection:meta`,
        performanceKey(prefix),
        breakersKey(prefix),
      );
    }
  }
  // Cases that say something: a generator that refuses everything would pass too.
  expect(seen.cases).toBe(worlds * requestsOfWorld);
  expect(seen.tried).toBeGreaterThan(seen.cases * 0.5);
  expect(seen.ranked).toBeGreaterThan(seen.cases * 0.4);
  expect(seen.refused).toBeGreaterThan(50);
  expect(seen.skipped).toBeGreaterThan(20);
});
