import type { Row } from '../support/e2e/figures';
import { freePort } from '../support/e2e/plain-litellm';
import { openStack } from '../support/e2e-stack';
import { LoadGenerator, startFastProvider } from './load/bench-process';
import { type BenchEdge, startBenchEdge } from './load/edge-process';
import { portkeyFallbackHeaders, portkeyHeaders, startPortkey } from './load/portkey-process';
import { measureSystems, rowsOf, type System, targetOf } from './load/systems';

const ratePerSecond = 300;
const baseline = 'edge, the first candidate answers (baseline)';

/** `npm run bench -- failover`: what it costs to go another way, beside a call that went the first one and beside Portkey. */
export async function run(): Promise<Row[]> {
  const stack = openStack();
  const provider = await startFastProvider();
  const options = {
    redisUrl: stack.facts.redis_url,
    providerPort: provider.port,
    workers: 1,
    hasLimits: true,
  };
  const edge = await startBenchEdge({ ...options, litellmPort: provider.port });
  // Nothing listens there: LiteLLM is down for as long as the benchmark takes.
  const alone = await startBenchEdge({ ...options, litellmPort: await freePort() });
  const gateway = await startPortkey();
  const generator = new LoadGenerator();
  try {
    const portkey = (name: string, headers: Record<string, string>): System => {
      const { pid } = gateway.program;
      return { name, target: targetOf(gateway.port, headers), pid, ratePerSecond: 150 };
    };
    const systems: System[] = [
      systemOf(baseline, edge, 'bench'),
      systemOf('edge, the first candidate fails', edge, 'bench-down'),
      systemOf('edge, LiteLLM is down: straight to the provider', alone, 'bench'),
      portkey('Portkey 1.15.2, one target', portkeyHeaders(provider.port)),
      portkey('Portkey 1.15.2, the first of two targets fails', portkeyFallbackHeaders(provider.port)),
    ];
    const closed = await measureSystems(systems, generator, () => null);
    const open = await measureSystems(systems, generator, (system) => system.ratePerSecond);
    return [
      ...rowsOf('closed loop, 50 connections', closed, baseline),
      ...rowsOf('fixed rate', open, baseline),
    ];
  } finally {
    generator.close();
    provider.close();
    await Promise.all([edge.stop(), alone.stop(), gateway.program.stop(), stack.close()]);
  }
}

function systemOf(name: string, edge: BenchEdge, model: string): System {
  const target = targetOf(edge.port, { authorization: `Bearer ${edge.key}` }, model);
  return { name, target, pid: edge.program.pid, ratePerSecond };
}
