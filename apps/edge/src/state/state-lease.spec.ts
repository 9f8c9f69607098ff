import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { StateLease } from './state-lease';

let dir: string;
const path = (owner: string): string => join(dir, `${owner}.lease`);

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'signalbox-lease-'));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(dir, { recursive: true, force: true });
});

const here = { pid: process.pid, host: hostname(), started_at_ms: Math.round(performance.timeOrigin) };
/** Above the highest number that Linux gives. */
const noPid = 4_194_305;

describe('who lives on a state directory', () => {
  it.each<[string, object | string, boolean]>([
    ['a process of this host', here, true],
    ['one with another number that runs', { ...here, pid: 1, started_at_ms: 1 }, true],
    ['one that has ended', { ...here, pid: noPid }, false],
    ['one before this, with the same number, as in containers', { ...here, started_at_ms: 1 }, false],
    ['one of another host, by its time', { ...here, host: 'elsewhere', pid: noPid }, true],
    ['one whose lease is just being written', '', true],
  ])('%s', async (_name, holder, isLive) => {
    const lease = new StateLease(dir, 'me');
    await lease.start();
    writeFileSync(path('other'), typeof holder === 'string' ? holder : JSON.stringify(holder));
    expect(await lease.liveOwners()).toEqual(new Set(isLive ? ['me', 'other'] : ['me']));
    await lease.stop();
  });

  it('is dead when it has not renewed its lease for long', async () => {
    const lease = new StateLease(dir, 'me');
    await lease.start();
    writeFileSync(path('other'), JSON.stringify({ ...here, host: 'elsewhere' }));
    const longAgo = new Date(Date.now() - 16_000);
    utimesSync(path('other'), longAgo, longAgo);
    expect(await lease.liveOwners()).toEqual(new Set(['me']));
    await lease.stop();
  });

  it('who stood still for long no longer trusts its lease, until it is renewed', async () => {
    const lease = new StateLease(dir, 'me');
    expect(lease.isCertain()).toBe(false);
    await lease.start();
    expect(lease.isCertain()).toBe(true);
    const nowMs = performance.now();
    jest.spyOn(performance, 'now').mockReturnValue(nowMs + 9_000);
    expect(lease.isCertain()).toBe(false);
    rmSync(path('me'));
    await lease.renew();
    expect(lease.isCertain()).toBe(true);
    expect(existsSync(path('me'))).toBe(true);
    await lease.stop();
    expect(readdirSync(dir)).toEqual([]);
    expect(lease.isCertain()).toBe(false);
  });
});
