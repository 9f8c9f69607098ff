import { ByokTraffic } from '../support/e2e/byok-traffic';
import {
  byokModels,
  type ByokWorkspace,
  createByokWorkspace,
  keyViolations,
  makeProviderKey,
  vendorOf,
} from '../support/e2e/byok-workspaces';
import { distributionOf, type Row } from '../support/e2e/figures';
import { LlmCaller } from '../support/e2e/llm-calls';
import { byokProviders, useLoopbackProvider } from '../support/e2e/loopback-models';
import { huntEverywhere } from '../support/e2e/secret-hunt';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import { InfisicalStandIn } from '../stand-ins/infisical.stand-in';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';
import { reportProof } from './proof-report';

/** Ten minutes, as the goal says; shorter ones (SIGNALBOX_PROVE_OUTAGE_SECONDS) are for working on this file. */
const outageMs = Number(process.env['SIGNALBOX_PROVE_OUTAGE_SECONDS'] || 600) * 1_000;
const trySavingEveryMs = 10_000;
const recoveryMs = 180_000;
const testMs = outageMs + 600_000;

/** Infisical goes away, with calls going on and people who want to save keys. */
describe(`Infisical away for ${outageMs / 1_000} seconds`, () => {
  let stack: E2eStack;
  let infisical: InfisicalStandIn;
  let provider: ProviderStandIn;
  let caller: LlmCaller;
  let workspaces: ByokWorkspace[];
  const values: string[] = [];
  const rows: Row[] = [];

  beforeAll(async () => {
    stack = useStack();
    infisical = await startInfisical();
    provider = await useLoopbackProvider(stack);
    caller = new LlmCaller(stack.facts.edge_url);
    workspaces = [
      await createByokWorkspace(stack, 'first', { policy: 'byok_only', hasOwnKeys: true }),
      await createByokWorkspace(stack, 'second', { policy: 'byok_only', hasOwnKeys: true }),
    ];
    for (const { providerKeys } of workspaces) values.push(...Object.values(providerKeys));
  });
  afterAll(async () => {
    reportProof(`Infisical away for ${outageMs / 1_000} s`, rows, 'byok');
    await caller.close();
    await provider.close();
    await infisical.close();
    await stack.close();
  });

  async function startInfisical(): Promise<InfisicalStandIn> {
    const { infisical: facts } = stack.facts;
    if (!facts)
      throw new Error('this stack has no Infisical: run this proof by `npm run prove -- byok-infisical`');
    const standIn = new InfisicalStandIn({
      clientId: facts.client_id,
      clientSecret: facts.client_secret,
      projectId: facts.project_id,
    });
    await standIn.start(Number(new URL(facts.url).port));
    return standIn;
  }

  interface SaveResult {
    status: number;
    code: string | null;
    ms: number;
  }

  async function trySaving(workspaceId: string, value: string): Promise<SaveResult> {
    const startedAtMs = performance.now();
    const { status, body } = await stack.api.request('POST', '/credentials', {
      body: { provider: byokProviders.openai, api_key: value, workspace_id: workspaceId },
    });
    const code = (body as { code?: string } | null)?.code ?? null;
    return { status, code, ms: performance.now() - startedAtMs };
  }

  async function credentialRows(workspaceId: string): Promise<number> {
    const found = await stack.stores.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM credentials WHERE workspace_id = $1',
      [workspaceId],
    );
    return found[0]?.count ?? Number.NaN;
  }

  it('keeps the keys in Infisical and nowhere in PostgreSQL', async () => {
    const kept = await stack.stores.query('SELECT name FROM sealed_secrets WHERE name LIKE $1', [
      '%credentials%',
    ]);
    expect(kept).toEqual([]);
    expect(infisical.count('create')).toBeGreaterThanOrEqual(values.length);
  });

  it(
    'answers every call meanwhile, refuses to save with a clear word, loses nothing, and recovers by itself',
    async () => {
      const { id: workspaceId } = await stack.api.createWorkspace(
        workspaces[0]?.organizationId ?? '',
        'wants to save',
      );
      const value = makeProviderKey('openai', 'outage');
      values.push(value);
      const traffic = new ByokTraffic(caller, workspaces, 2);
      await waitUntil(() => traffic.answered.length > 50, {
        deadlineMs: 60_000,
        what: 'calls before the outage',
      });
      await infisical.goAway();
      const goneAtMs = Date.now();
      const saves: SaveResult[] = [];
      let killedApi = false;
      await waitUntil(
        async () => {
          saves.push(await trySaving(workspaceId, value));
          if (!killedApi && Date.now() - goneAtMs > outageMs / 2) {
            killedApi = true;
            await stack.processes.waitUntilBack('api', await stack.processes.kill('api'));
          }
          return Date.now() - goneAtMs > outageMs;
        },
        { deadlineMs: outageMs + 120_000, what: 'the end of the outage', pollEveryMs: trySavingEveryMs },
      );
      const rowsMeanwhile = await credentialRows(workspaceId);
      const callsMeanwhile = traffic.calls.length;
      await infisical.comeBack();
      const backAtMs = performance.now();
      const saved = await waitUntil(
        async () => {
          const result = await trySaving(workspaceId, value);
          return result.status === 201 ? result : null;
        },
        { deadlineMs: recoveryMs, what: 'the first save after the outage', pollEveryMs: 500 },
      );
      const recoveredMs = Math.round(performance.now() - backAtMs);
      await traffic.stop();
      const { key } = await stack.api.createKey(workspaceId);
      const own = await caller.call({ kind: 'chat', key, models: byokModels });
      rows.push({
        away_s: outageMs / 1_000,
        calls: callsMeanwhile,
        failed: traffic.failed.length,
        'saves refused': saves.length,
        'refusal p50 ms': distributionOf(saves.map(({ ms }) => ms)).p50_ms,
        'refusal max ms': distributionOf(saves.map(({ ms }) => ms)).max_ms,
        'rows of refused saves': rowsMeanwhile,
        'API killed once': killedApi,
        'first save after the return ms': recoveredMs,
      });
      expect(new Set(saves.map(({ status, code }) => `${status} ${code}`))).toEqual(
        new Set(['503 secret_store_unavailable']),
      );
      expect(rowsMeanwhile).toBe(0);
      expect(traffic.failed).toEqual([]);
      for (const workspace of workspaces)
        expect(
          keyViolations(provider, traffic.outcomesOf(workspace), ({ kind }) => [
            workspace.providerKeys[vendorOf(kind)] ?? '',
          ]),
        ).toEqual([]);
      expect(saved.status).toBe(201);
      expect(keyViolations(provider, [own], () => [value])).toEqual([]);
      expect(own.problem).toBeNull();
    },
    testMs,
  );

  it("leaves no key, and nothing of Infisical's, in a log, a table, Redis or on a command line", async () => {
    const { infisical: facts } = stack.facts;
    values.push(facts?.client_secret ?? '');
    const needles = Object.fromEntries(values.map((value, index) => [`value ${index}`, value]));
    const finds = await huntEverywhere(stack, needles);
    rows.push({ 'secrets hunted for': values.length, found: finds.length });
    expect(finds).toEqual([]);
  });
});
