import { createTenant } from '../support/e2e/tenants';
import { useLoopbackProvider } from '../support/e2e/loopback-models';
import type { Row } from '../support/e2e/figures';
import { openStack, readSecretFile } from '../support/e2e-stack';
import { settle } from '../prove/invariants';
import { apiOperations } from './api-operations';
import { edgeOverheadOperations, loopOperations } from './edge-operations';
import { measureInterleaved } from './measure';
import { seedKeys } from './seed-keys';
import { TimedQueries, TimedRequests } from './timed-requests';

const keyCount = 10_000;
const rounds = 300;
const warmUpRounds = 20;
const parallelClients = 4;
const loopRounds = 150;
const settleMs = 900_000;

/** `npm run bench -- api`: the admin API with 10,000 virtual keys, and the edge behind it. */
export async function run(): Promise<Row[]> {
  const stack = openStack();
  const provider = await useLoopbackProvider(stack);
  const requests = new TimedRequests();
  const queries = await TimedQueries.open(stack.facts.app_database_url);
  try {
    const seeded = await seedKeys(stack, keyCount);
    console.log(`${keyCount} keys are in PostgreSQL; waiting until Redis and LiteLLM have them`);
    const settledMs = await settle(stack, [], settleMs);
    console.log(`agreed after ${Math.round(settledMs / 1_000)} s`);
    const token = readSecretFile(stack.facts.admin_token_file);
    const operations = await apiOperations(stack, requests, queries, seeded, token);
    const alone = await measureInterleaved(operations, { rounds, warmUpRounds });
    const together = await measureInterleaved(operations, {
      rounds,
      warmUpRounds,
      parallel: parallelClients,
    });
    await settle(stack, [], settleMs);

    const tenant = await createTenant(stack, 'bench');
    const key = await stack.api.createKey(tenant.workspaceId);
    await settle(stack, [key.key], settleMs);
    const overhead = await measureInterleaved(
      await edgeOverheadOperations(stack, requests, key, tenant.organizationId),
      { rounds, warmUpRounds },
    );
    const loop = await measureInterleaved(loopOperations(stack, requests, tenant.workspaceId), {
      rounds: loopRounds,
      warmUpRounds: 5,
    });
    return [
      ...labelled('one client', alone.rows('GET /health/liveliness (baseline)')),
      ...labelled(`${parallelClients} clients`, together.rows('GET /health/liveliness (baseline)')),
      ...labelled('edge', overhead.rows('chat straight at LiteLLM (baseline)')),
      ...labelled('loop', loop.rows('GET /health/liveliness at the edge (baseline)')),
    ];
  } finally {
    await Promise.all([requests.close(), queries.close(), provider.close(), stack.close()]);
  }
}

function labelled(part: string, rows: readonly Row[]): Row[] {
  return rows.map((row) => Object.assign({ part }, row));
}
