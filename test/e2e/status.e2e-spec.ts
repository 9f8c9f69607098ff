import { readFileSync } from 'node:fs';
import { createTenant } from '../support/e2e/tenants';
import type { ManagedName } from '../support/e2e/stack-processes';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';

interface ProcessView {
  pid: number;
  reported_at: string;
}

interface StatusView {
  status: string;
  problems: string[];
  litellm: { status: string; version: string | null };
  runner?: unknown;
  edges?: ProcessView[];
  workers?: ProcessView[];
  active_release?: { id: string } | null;
}

function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

describe('status', () => {
  let stack: E2eStack;

  beforeAll(() => {
    stack = useStack();
  });
  afterAll(() => stack.close());

  const status = (): Promise<StatusView> => stack.api.get('/status');

  it('tells a platform token about each part, and that all is well', async () => {
    const view = await waitUntil(
      async () => {
        const now = await status();
        return now.status === 'ok' ? now : null;
      },
      { deadlineMs: 60_000, what: 'a status without problems', pollEveryMs: 250 },
    );
    const [edgePid, workerPid] = [await stack.processes.pidOf('edge'), await stack.processes.pidOf('worker')];
    expect(view.problems).toEqual([]);
    expect(view.litellm).toEqual({ status: 'running', version: stack.facts.versions['litellm'] });
    // One process per core: each is an edge of its own, and a child of the one that the supervisor started.
    const families = view.edges?.map(({ pid }) => [pid, parentOf(pid)]) ?? [];
    expect(families.filter((family) => family.includes(edgePid ?? 0)).length).toBeGreaterThan(0);
    expect(view.workers?.map(({ pid }) => pid)).toContain(workerPid);
    expect(view.active_release?.id).toBe((await stack.processes.runnerState()).active?.release_id);
  });

  it('tells a token of an organization nothing of the platform', async () => {
    const { organizationId } = await createTenant(stack, 'status');
    const { token } = await stack.api.post<{ token: string }>('/service-tokens', {
      name: 'status',
      organization_id: organizationId,
      scopes: ['status:read'],
    });
    const view = await stack.api.withToken(token).get<StatusView>('/status');
    expect(view.litellm.status).toBe('running');
    for (const field of ['runner', 'edges', 'workers', 'active_release', 'outbox']) {
      expect([field, (view as unknown as Record<string, unknown>)[field] ?? null]).toEqual([field, null]);
    }
  });

  it.each<[ManagedName, RegExp]>([
    ['worker', /No worker has reported/],
    ['runner', /The runner does not answer/],
    ['redis', /Redis does not answer/],
  ])('says in a sentence what is wrong while %s is down, and when it is over', async (name, sentence) => {
    const killedPid = await stack.processes.withoutRestarts(async () => {
      const pid = await stack.processes.kill(name);
      await waitUntil(async () => (await status()).problems.some((problem) => sentence.test(problem)), {
        deadlineMs: 30_000,
        what: `a problem like ${String(sentence)}`,
        pollEveryMs: 250,
      });
      return pid;
    });
    await stack.processes.waitUntilBack(name, killedPid);
    const backAtMs = Date.now();
    // Redis keeps reports over its own restart: only newer ones say that a process is connected again.
    const reportedSince = ({ edges = [], workers = [] }: StatusView): boolean =>
      [...edges, ...workers].every(({ reported_at }) => Date.parse(reported_at) > backAtMs);
    await waitUntil(
      async () => {
        const view = await status();
        return view.status === 'ok' && reportedSince(view);
      },
      { deadlineMs: 90_000, what: 'the end of the problem', pollEveryMs: 250 },
    );
  });

  it.each([
    ['edge', 'edge_url'],
    ['api', 'api_url'],
    ['worker', 'worker_url'],
  ] as const)('has health addresses at the %s', async (_name, url) => {
    for (const path of ['/health/liveliness', '/health/readiness']) {
      const response = await fetch(stack.facts[url] + path);
      expect([path, response.status]).toEqual([path, 200]);
      await response.arrayBuffer();
    }
  });
});
