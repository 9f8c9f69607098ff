import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { type OpenSpool, usageEventOf, UsageWorld } from '../../../../test/support/usage-world';
import { waitUntil } from '../../../../test/support/wait-until';

let world: UsageWorld;

beforeEach(async () => {
  world = await UsageWorld.start();
});
afterEach(() => world.close());

let recorded = 0;
function record({ spool }: OpenSpool, count: number): string[] {
  return Array.from({ length: count }, () => {
    recorded += 1;
    const id = `req_${recorded}`;
    spool.record(usageEventOf(id));
    return id;
  });
}

async function waitForWaiting({ spool }: OpenSpool, count: number): Promise<void> {
  await waitUntil(() => spool.waiting() === count, { deadlineMs: 5_000, what: `${count} waiting events` });
}

describe('usage events', () => {
  it('arrive once and in order, and leave the disk', async () => {
    const edge = world.openSpool('edge-1');
    const ids = record(edge, 450);
    expect(await world.waitForDelivered(ids)).toEqual(ids);
    await world.waitForFiles(0);
    expect(edge.spool.waiting()).toBe(0);
    const more = record(edge, 3);
    expect(await world.waitForDelivered(more)).toEqual([...ids, ...more]);
  });

  it('wait on disk in files of bounded size while Redis is away, and follow when it is back', async () => {
    const edge = world.openSpool('edge-1', { queueOptions: { segmentBytes: 50_000 } });
    const first = record(edge, 10);
    await world.waitForDelivered(first);
    world.proxy.sever();
    const away: string[] = [];
    await waitUntil(
      async () => {
        away.push(...record(edge, 150));
        return (await world.files()).length > 5;
      },
      { deadlineMs: 4_000, what: 'files' },
    );
    expect(edge.spool.waiting()).toBe(away.length);
    expect(await world.delivered()).toEqual(first);
    world.proxy.restore();
    expect(await world.waitForDelivered(away)).toEqual([...first, ...away]);
    await world.waitForFiles(0);
  });

  it('are not lost when Redis takes them and the answer is lost', async () => {
    const edge = world.openSpool('edge-1');
    await world.waitForDelivered(record(edge, 1));
    const ids: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      ids.push(...record(edge, 100));
      await new Promise((resolve) => setImmediate(resolve));
      world.proxy.sever();
      world.proxy.restore();
    }
    await world.waitForDelivered(ids);
    await waitForWaiting(edge, 0);
  });

  it('survive the end of the edge, and the next one delivers them', async () => {
    world.proxy.sever();
    const old = world.openSpool('edge-1');
    const ids = record(old, 700);
    await old.close();
    expect(old.lost).toBe(0);
    world.proxy.restore();
    world.openSpool('edge-2');
    expect(await world.waitForDelivered(ids)).toEqual(ids);
    await world.waitForFiles(0);
  });

  it('left behind are taken over by one process only', async () => {
    world.proxy.sever();
    const old = world.openSpool('edge-1', { queueOptions: { segmentBytes: 10_000 } });
    const ids: string[] = [];
    for (let round = 0; round < 20; round += 1) {
      ids.push(...record(old, 20));
      await waitForWaiting(old, ids.length);
    }
    await old.close();
    world.proxy.restore();
    for (const id of ['edge-2', 'edge-3', 'edge-4']) world.openSpool(id);
    const delivered = await world.waitForDelivered(ids);
    expect(delivered).toHaveLength(ids.length);
    await world.waitForFiles(0);
  });

  it('are not taken over by one that ends at the same moment', async () => {
    world.proxy.sever();
    const old = world.openSpool('edge-1');
    const ids = record(old, 20);
    await old.close();
    await world.openSpool('edge-2').close();
    world.proxy.restore();
    world.openSpool('edge-3');
    await world.waitForDelivered(ids);
  });

  it('of a living process are left alone', async () => {
    world.proxy.sever();
    const [one, other] = [world.openSpool('edge-1'), world.openSpool('edge-2')];
    const ids = record(one, 20);
    await waitUntil(async () => (await world.files()).length > 0, { deadlineMs: 5_000, what: 'a file' });
    await other.close();
    world.openSpool('edge-3');
    world.proxy.restore();
    expect(await world.waitForDelivered(ids)).toEqual(ids);
  });

  it('torn by a kill are skipped and counted; the rest of the file counts', async () => {
    mkdirSync(join(world.dir, 'usage'));
    const [whole, after] = [JSON.stringify(usageEventOf('whole')), JSON.stringify(usageEventOf('after'))];
    const text = `${whole}\n${whole.slice(0, 40)}\n${after}\n${after.slice(0, 99)}`;
    writeFileSync(join(world.dir, 'usage', 'edge-0.00000001.jsonl'), text);
    const edge = world.openSpool('edge-1');
    expect(await world.waitForDelivered(['whole', 'after'])).toEqual(['whole', 'after']);
    await world.waitForFiles(0);
    expect(edge.lost).toBe(2);
  });
});

describe('without a disk that can be written', () => {
  it('events still reach Redis', async () => {
    for (const edge of [world.openSpool('edge-1', {}, null), world.openSpool('edge-2', {}, '/dev/null/no')]) {
      const ids = record(edge, 300);
      await world.waitForDelivered(ids);
      await waitForWaiting(edge, 0);
      expect(edge.lost).toBe(0);
    }
  });

  it('events wait in memory up to the limit; what is beyond is counted as lost', async () => {
    world.proxy.sever();
    const edge = world.openSpool('edge-1', { memoryLimit: 500 }, null);
    const ids = record(edge, 600);
    expect(edge.lost).toBe(100);
    world.proxy.restore();
    expect(await world.waitForDelivered(ids.slice(0, 500))).toEqual(ids.slice(0, 500));
    await world.waitForDelivered(record(edge, 1));
    expect(edge.lost).toBe(100);
  });

  it('an edge that ends says what it lost', async () => {
    world.proxy.sever();
    const edge = world.openSpool('edge-1', {}, null);
    record(edge, 30);
    await edge.close();
    expect(edge.lost).toBe(30);
    expect(world.logs.some(({ message }) => message === 'usage events are lost')).toBe(true);
  });

  it('events move from memory to the disk once it can be written again', async () => {
    world.proxy.sever();
    const blocked = join(world.dir, 'blocked');
    writeFileSync(blocked, 'in the way');
    const edge = world.openSpool('edge-1', {}, blocked);
    const ids = record(edge, 1_200);
    await waitUntil(() => world.logs.some(({ message }) => /cannot be written/.test(String(message))), {
      deadlineMs: 5_000,
      what: 'the edge to notice',
    });
    rmSync(blocked);
    await waitUntil(
      () => {
        ids.push(...record(edge, 1));
        return existsSync(join(blocked, 'usage'));
      },
      { deadlineMs: 5_000, what: 'the spool on disk' },
    );
    await edge.close();
    expect(edge.lost).toBe(0);
    world.proxy.restore();
    world.openSpool('edge-2', {}, blocked);
    await world.waitForDelivered(ids);
  });
});

describe('whatever the order of outages', () => {
  it('every event arrives at least once', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('record' as const), count: fc.integer({ min: 1, max: 300 }) }),
      fc.record({ kind: fc.constantFrom('sever', 'restore', 'restart', 'second', 'pause') }),
    );
    let edges = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 12 }), async (steps) => {
        const open = (): OpenSpool =>
          world.openSpool(`edge-p${(edges += 1)}`, { queueOptions: { segmentBytes: 30_000 } });
        let edge = open();
        const ids: string[] = [];
        for (const one of steps) {
          if (one.kind === 'record') ids.push(...record(edge, (one as { count: number }).count));
          if (one.kind === 'sever') world.proxy.sever();
          if (one.kind === 'restore') world.proxy.restore();
          if (one.kind === 'restart') await edge.close();
          if (one.kind === 'restart' || one.kind === 'second') edge = open();
          if (one.kind === 'pause') await new Promise((resolve) => setImmediate(resolve));
        }
        world.proxy.restore();
        await world.waitForDelivered(ids);
        await world.closeSpools();
      }),
      { numRuns: 12 },
    );
  }, 120_000);

  it('kill -9 in the middle of it loses nothing that was on disk', async () => {
    const acknowledged = new Set<string>();
    const hook = join(__dirname, '../../../../scripts/testing/typescript-hook.cjs');
    const child = join(__dirname, '../../../../test/support/usage-writer.child.ts');
    for (let round = 0; round < 4; round += 1) {
      const args = ['-r', hook, child, world.dir, `edge-k${round}`, world.proxy.url, world.prefix];
      const edge = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      let rest = '';
      const mine = new Set<string>();
      edge.stdout.setEncoding('utf8').on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) mine.add(line);
      });
      await waitUntil(() => mine.size > 500, { deadlineMs: 20_000, what: 'events of the child' });
      if (round % 2 === 1) world.proxy.sever();
      await waitUntil(() => mine.size > 1_500, { deadlineMs: 20_000, what: 'more events of the child' });
      edge.kill('SIGKILL');
      await new Promise((resolve) => edge.once('close', resolve));
      for (const id of mine) acknowledged.add(id);
      world.proxy.restore();
    }
    world.openSpool('edge-heir');
    await world.waitForDelivered(acknowledged, 30_000);
    await world.waitForFiles(0);
  }, 120_000);
});
