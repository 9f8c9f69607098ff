import { hashVirtualKeyValue, signContext } from '@signalbox/gateway';
import type { CreatedKey } from '../support/e2e/admin-api';
import type { Row } from '../support/e2e/figures';
import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { createTenant } from '../support/e2e/tenants';
import { type E2eStack, openStack } from '../support/e2e-stack';
import { LoadGenerator, startFastProvider } from './load/bench-process';
import { type BenchEdge, startBenchEdge } from './load/edge-process';
import { portkeyHeaders, startPortkey } from './load/portkey-process';
import { streamRows } from './load/stream-memory';
import type { BenchTarget } from './load/wire';
import { benchPath, measureSystems, rowsOf, type System, targetOf } from './load/systems';

const baseline = 'no proxy (baseline)';
/** One process: the machine's two cores also carry provider and load. More than one is measured beside it. */
const edgeOne = 'edge, 1 process';
const edgeTwo = 'edge, 2 processes';
const portkey = 'Portkey 1.15.2';
const litellm = 'LiteLLM 1.103.1 alone';

/** `npm run bench -- edge`: what the edge costs, beside no proxy, LiteLLM alone and Portkey, all in one run, interleaved. */
export async function run(): Promise<Row[]> {
  const stack = openStack();
  const standIn = await useLoopbackProvider(stack);
  const provider = await startFastProvider();
  const options = {
    redisUrl: stack.facts.redis_url,
    litellmPort: provider.port,
    providerPort: provider.port,
  };
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
    const closed = await measureSystems(systems, generator, () => null);
    const open = await measureSystems(systems, generator, ({ ratePerSecond }) => ratePerSecond);
    return [
      ...rowsOf('closed loop, 50 connections', closed, baseline),
      ...rowsOf('fixed rate', open, baseline),
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
    p: benchPath,
    mdl: loopback.chat,
    dep: null,
    cred: null,
    prov: null,
  };
  return signContext(ring, { ...who, ...what }, Date.now());
}
