import { EdgeProcess, isRunning, isServing, type WorkerView } from '../../../test/support/edge-process';
import { waitUntil } from '../../../test/support/wait-until';

// Each test starts three processes.
jest.setTimeout(120_000);

const pidsOf = (workers: WorkerView[]): number[] => workers.map(({ pid }) => pid);

describe('an edge of two workers', () => {
  let edge: EdgeProcess;
  beforeAll(async () => {
    edge = await EdgeProcess.start();
  });
  afterAll(() => edge.close());

  it('serves one port by both, and the primary answers for them', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => edge.chat()));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
    const workers = await edge.workers();
    expect(workers.map(({ index }) => index)).toEqual([0, 1]);
    const metrics = await (await fetch(`${edge.metricsUrl}/metrics`)).text();
    expect(metrics).toMatch(/^signalbox_edge_workers 2$/m);
    expect(metrics).toMatch(/^llm_requests_total\{.*status="200"\} 20$/m);
    for (const path of ['/metrics', '/workers', '/log-level'])
      expect((await fetch(edge.url + path)).status).toBe(404);
  });

  it('counts the streams that are open', async () => {
    const openStreams = async (count: number): Promise<boolean> =>
      (await (await fetch(`${edge.metricsUrl}/metrics`)).text()).includes(
        `signalbox_edge_open_streams ${count}\n`,
      );
    edge.litellm.behaviour = { kind: 'slow', everyMs: 100 };
    const streams = await Promise.all([edge.chat(true), edge.chat(true), edge.chat()]);
    await waitUntil(() => openStreams(2), { deadlineMs: 20_000, what: 'two open streams' });
    edge.litellm.behaviour = null;
    await Promise.all(streams.map((stream) => stream.text()));
    await waitUntil(() => openStreams(0), { deadlineMs: 20_000, what: 'the end of both' });
  });

  it('changes its log level while it runs, in all processes, for those who know the token', async () => {
    const put = (level: string, token?: string): ReturnType<EdgeProcess['operate']> =>
      edge.operate('/log-level', { method: 'PUT', body: JSON.stringify({ level }) }, token);
    const linesOfRequests = (): number => edge.output.match(/"message":"request"/g)?.length ?? 0;
    expect((await put('error', 'wrong')).status).toBe(401);
    expect((await put('loud')).status).toBe(400);
    expect(await (await put('error')).json()).toEqual({ level: 'error' });
    const before = linesOfRequests();
    await edge.chat();
    await edge.chat();
    expect(await (await put('info')).json()).toEqual({ level: 'info' });
    const id = (await edge.chat()).headers.get('x-request-id')!;
    await waitUntil(() => edge.output.includes(id), { deadlineMs: 20_000, what: 'its line in the log' });
    expect(linesOfRequests()).toBe(before + 1);
  });

  it('replaces a worker that was killed, and serves meanwhile', async () => {
    const [first, second] = pidsOf(await edge.workers());
    process.kill(first!, 'SIGKILL');
    const workers = await edge.untilWorkers(
      (now) => now.length === 2 && now.every(isServing) && !pidsOf(now).includes(first!),
      'another worker',
    );
    expect(pidsOf(workers)).toContain(second);
    expect((await edge.chat()).status).toBe(200);
    expect(await (await fetch(`${edge.metricsUrl}/metrics`)).text()).toMatch(
      /^signalbox_edge_workers_replaced_total 1$/m,
    );
  });
});

describe('the end of an edge', () => {
  let edge: EdgeProcess;
  afterEach(() => edge.close());

  it('on SIGTERM comes after the streams in flight', async () => {
    edge = await EdgeProcess.start();
    edge.litellm.behaviour = { kind: 'slow', everyMs: 50 };
    const stream = await edge.chat(true);
    edge.child.kill('SIGTERM');
    expect(await stream.text()).toContain('[DONE]');
    expect(await edge.untilExit()).toBe(0);
  });

  it('follows a primary that was killed, but not before its answers are finished', async () => {
    edge = await EdgeProcess.start();
    const pids = pidsOf(await edge.workers());
    edge.litellm.behaviour = { kind: 'slow', everyMs: 50 };
    const stream = await edge.chat(true);
    edge.child.kill('SIGKILL');
    expect(await stream.text()).toContain('[DONE]');
    await expect(fetch(`${edge.url}/health/liveliness`)).rejects.toThrow('fetch failed');
    await waitUntil(() => !pids.some(isRunning), { deadlineMs: 30_000, what: 'the workers to end' });
  });

  it('of one process is the same, and a hangup is no end', async () => {
    edge = await EdgeProcess.start({ SIGNALBOX_EDGE_WORKERS: '1' });
    expect(pidsOf(await edge.workers())).toEqual([edge.child.pid]);
    edge.child.kill('SIGHUP');
    await waitUntil(() => edge.output.includes('SIGHUP is ignored'), {
      deadlineMs: 20_000,
      what: 'the warning',
    });
    expect((await edge.chat()).status).toBe(200);
    expect(await (await fetch(`${edge.metricsUrl}/metrics`)).text()).toMatch(/^process_cpu_seconds_total /m);
    edge.child.kill('SIGTERM');
    expect(await edge.untilExit()).toBe(0);
  });
});

describe('an edge that cannot start', () => {
  it('says so when the port is taken', async () => {
    const first = await EdgeProcess.start();
    const second = await EdgeProcess.launch({ SIGNALBOX_EDGE_PORT: new URL(first.url).port });
    expect(await second.untilExit()).toBe(1);
    expect(second.output).toContain('EADDRINUSE');
    expect(second.output).not.toContain('    at ');
    await Promise.all([first.close(), second.close()]);
  });

  it('says which setting is wrong', async () => {
    const edge = await EdgeProcess.launch({ SIGNALBOX_RUNNER_URL: 'nonsense' });
    expect(await edge.untilExit()).toBe(1);
    expect(edge.output).toContain('SIGNALBOX_RUNNER_URL');
    expect(edge.output).not.toContain('    at ');
    await edge.close();
  });
});
