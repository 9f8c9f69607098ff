import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLeftovers } from './leftovers.mjs';
import { phaseOf } from './stack-record.mjs';

const running = [
  { pid: 10, startedAt: 'a' },
  { pid: 11, startedAt: 'b' },
  { pid: 12, startedAt: 'c' },
];
const isLiving = (identity) =>
  running.some(({ pid, startedAt }) => pid === identity?.pid && startedAt === identity?.startedAt);

test('recorded processes that still live are found, the stores last', () => {
  const record = { processes: { postgres: running[0], redis: running[1], edge: running[2] } };
  assert.deepEqual(
    findLeftovers({ record }, isLiving).map(({ name }) => name),
    ['edge', 'redis', 'postgres'],
  );
});

test('another process that got the pid of one of ours is never touched', () => {
  const record = { processes: { redis: { pid: 11, startedAt: 'earlier' }, edge: { state: 'stopped' } } };
  assert.deepEqual(findLeftovers({ record }, isLiving), []);
});

test('a LiteLLM of the runner and a PostgreSQL on our data folder count too, each once', () => {
  const found = findLeftovers(
    {
      record: { processes: { postgres: running[0] } },
      litellm: [running[1], undefined],
      postgres: running[0],
    },
    isLiving,
  );
  assert.deepEqual(
    found.map(({ name, pid }) => [name, pid]),
    [
      ['postgres', 10],
      ['litellm', 11],
    ],
  );
});

test('without a record there is nothing to end', () => {
  assert.deepEqual(findLeftovers({ record: undefined }, isLiving), []);
});

test('the phase of a stack follows from who lives', () => {
  const living = { supervisor: running[0], phase: 'starting', processes: {} };
  assert.equal(phaseOf(undefined, isLiving), 'stopped');
  assert.equal(phaseOf(living, isLiving), 'starting');
  const killed = { ...living, supervisor: { pid: 10, startedAt: 'earlier' } };
  assert.equal(phaseOf(killed, isLiving), 'stopped');
  assert.equal(phaseOf({ ...killed, processes: { redis: running[1] } }, isLiving), 'leftover');
});
