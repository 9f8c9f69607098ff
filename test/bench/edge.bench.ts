import { hashVirtualKeyValue, signContext } from '@signalbox/gateway';
import type { CreatedKey } from '../support/e2e/admin-api';
import type { Row } from '../support/e2e/figures';
import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { createTenant } from '../support/e2e/tenants';
import { type E2eStack, openStack } from '../support/e2e-stack';
import { cpuSecondsOf, LoadGenerator, startFastProvider } from './load/bench-process';
import { type BenchEdge, startBenchEdge } from './load/edge-process';
import type { LoadFigures } from './load/load-generator.process';
import { portkeyHeaders, startPortkey } from './load/portkey-process';
import { streamRows } from './load/stream-memory';
import type { BenchTarget } from './load/wire';
import { shuffled } from './measure';

const path = '/v1/chat/completions';
const seconds = Number(process.env['SIGNALBOX_BENCH_SECONDS'] ?? 4);
const rounds = Number(process.env['SIGNALBOX_BENCH_ROUNDS'] ?? 5);
const connections = 50;
const baseline = 'no proxy (baseline)';
/** One process: the machine's two cores also carry provider and load. More than one is measured beside it. */
const edgeOne = 'edge, 1 process';
const edgeTwo = 'edge, 2 processes';
const portkey = 'Portkey 1.15.2';
const litellm = 'LiteLLM 1.103.1 alone';

interface System {
  name: string;
  target: BenchTarget;
  pid: number;
  /** What it can surely take, for the run at a fixed rate. */
  ratePerSecond: number;
}

interface Sample extends LoadFigures {
  cpuMsPerRequest: number;
}

/** `npm run bench -- edge`: what the edge costs, beside no proxy, LiteLLM alone and Portkey, all in one run, interleaved. */
export async function run(): Promise<Row[]> {
  const stack = openStack();
  const standIn = await useLoopbackProvider(stack);
  const provider = await startFastProvider();
  const options = { redisUrl: stack.facts.redis_url, litellmPort: provider.port };
  const edges = [
    await startBenchEdge({ ...options, workers: 1, hasLimits: true }),
    await startBenchEdge({ ...options, workers: 2, hasLimits: true }),
  ] as const;
  const gateway = await startPortkey();
  const generator = new LoadGenerator();
  try {
    const systems: System[] = [
      { name: baseline, target: targetOf(provider.port, {}), pid: 0, ratePerSecond: 1_000 },
      edgeSystem(edgeOne, edges[0]),
      edgeSystem(edgeTwo, edges[1]),
      {
        name: portkey,
        target: targetOf(gateway.port, portkeyHeaders(provider.port)),
        pid: gateway.program.pid,
        ratePerSecond: 200,
      },
      await litellmSystem(stack),
    ];
    const closed = await measure(systems, generator, () => null);
    const open = await measure(systems, generator, ({ ratePerSecond }) => ratePerSecond);
    return [
      ...rowsOf('closed loop, 50 connections', closed),
      ...rowsOf('fixed rate', open),
      ...(await streamRows(edges[0])),
    ];
  } finally {
    generator.close();
    provider.close();
    await Promise.all([
      ...edges.map((edge) => edge.stop()),
      gateway.program.stop(),
      standIn.close(),
      stack.close(),
    ]);
  }
}

function targetOf(port: number, headers: Record<string, string>, model = 'bench'): BenchTarget {
  const body = {
    model,
    messages: [{ role: 'user', content: 'Say something about foxes and dogs, please.' }],
  };
  return { host: '127.0.0.1', port, path, headers, body: JSON.stringify(body) };
}

function edgeSystem(name: string, edge: BenchEdge): System {
  const target = targetOf(edge.port, { authorization: `Bearer ${edge.key}` });
  return { name, target, pid: edge.program.pid, ratePerSecond: 1_000 };
}

/** Straight at LiteLLM, with a context as the edge would sign it. It lives for a minute, so it is signed anew for each run. */
async function litellmSystem(stack: E2eStack): Promise<System> {
  const tenant = await createTenant(stack, 'bench');
  const key = await stack.api.createKey(tenant.workspaceId);
  const url = new URL(await stack.litellm.url());
  const target: BenchTarget = {
    ...targetOf(Number(url.port), {}, loopback.chat),
    get headers() {
      return { 'x-signalbox-context': contextOf(stack, key, tenant.organizationId) };
    },
  };
  return { name: litellm, target, pid: (await stack.processes.pidOf('litellm')) ?? 0, ratePerSecond: 30 };
}

function contextOf(stack: E2eStack, key: CreatedKey, organizationId: string): string {
  const ring = stack.facts.context_signing_keys.split(',').map((entry) => {
    const [kid = '', encoded = ''] = entry.split(':');
    return { kid, key: Buffer.from(encoded, 'base64url') };
  });
  const who = { kh: hashVirtualKeyValue(key.key), key: key.id, ws: key.workspace_id, org: organizationId };
  const what = {
    rid: 'req_bench',
    m: 'POST',
    p: path,
    mdl: loopback.chat,
    dep: null,
    cred: null,
    prov: null,
  };
  return signContext(ring, { ...who, ...what }, Date.now());
}

/** Every system once per round, in a new random order each time. */
async function measure(
  systems: readonly System[],
  generator: LoadGenerator,
  rateOf: (system: System) => number | null,
): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>(systems.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const system of shuffled(systems)) {
      const cpuBefore = system.pid ? cpuSecondsOf(system.pid) : 0;
      const job = { target: { ...system.target }, connections, warmUpMs: 1_000, durationMs: seconds * 1_000 };
      const figures = await generator.run({ ...job, ratePerSecond: rateOf(system) });
      const cpuSeconds = system.pid ? cpuSecondsOf(system.pid) - cpuBefore : 0;
      // The warm-up's share is taken out by time.
      const share = seconds / (seconds + 1);
      samples.get(system.name)?.push({
        ...figures,
        cpuMsPerRequest: ((cpuSeconds * share) / Math.max(figures.answered, 1)) * 1_000,
      });
      if (figures.firstProblem)
        console.log(`${system.name}: ${figures.failed} failed: ${figures.firstProblem}`);
    }
  }
  return samples;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

/** The median of the rounds for each figure. */
function rowsOf(part: string, samples: ReadonlyMap<string, readonly Sample[]>): Row[] {
  const of = (name: string, pick: (sample: Sample) => number): number =>
    median((samples.get(name) ?? []).map(pick));
  return [...samples.keys()].map((name) => ({
    part,
    system: name,
    requests_per_second: rounded(
      of(name, ({ perSecond }) => perSecond),
      0,
    ),
    p50_ms: rounded(of(name, ({ p50Ms }) => p50Ms)),
    p99_ms: rounded(of(name, ({ p99Ms }) => p99Ms)),
    added_p50_ms: rounded(of(name, ({ p50Ms }) => p50Ms) - of(baseline, ({ p50Ms }) => p50Ms)),
    added_p99_ms: rounded(of(name, ({ p99Ms }) => p99Ms) - of(baseline, ({ p99Ms }) => p99Ms)),
    cpu_ms_per_request: rounded(
      of(name, ({ cpuMsPerRequest }) => cpuMsPerRequest),
      3,
    ),
    failed: (samples.get(name) ?? []).reduce((sum, { failed }) => sum + failed, 0),
  }));
}
