import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translateResult, untag } from './result-translation.mjs';

test('removes type tags at every depth, and only those', () => {
  const value = {
    id: 'x',
    at: { $type: 'DateTime', value: '2026-01-01T00:00:00.000Z' },
    metadata: { $type: 'Json', value: '{"$type":"mine","value":1}' },
    list: [{ big: { $type: 'BigInt', value: '9007199254740993' } }, null],
    none: null,
  };
  assert.deepEqual(untag(value), {
    id: 'x',
    at: '2026-01-01T00:00:00.000Z',
    metadata: '{"$type":"mine","value":1}',
    list: [{ big: '9007199254740993' }, null],
    none: null,
  });
});

test('puts the one answer under the name "result"', () => {
  assert.deepEqual(translateResult({ data: { findManyTeam: [{ id: 1 }] } }, 'findMany'), {
    data: { result: [{ id: 1 }] },
  });
  assert.deepEqual(translateResult({ data: { executeRaw: 3 } }, 'executeRaw'), { data: { result: 3 } });
});

test('turns raw columns and rows into typed values', () => {
  const raw = {
    columns: ['i', 'j', 'a', 'n', 'nested'],
    types: ['int', 'json', 'string-array', 'string', 'json-array'],
    rows: [[1, '{"a":1}', ['x', null], null, ['[1]']]],
  };
  const expected = {
    i: { prisma__type: 'int', prisma__value: 1 },
    j: { prisma__type: 'json', prisma__value: { a: 1 } },
    a: {
      prisma__type: 'array',
      prisma__value: [
        { prisma__type: 'string', prisma__value: 'x' },
        { prisma__type: 'null', prisma__value: null },
      ],
    },
    n: { prisma__type: 'null', prisma__value: null },
    nested: { prisma__type: 'array', prisma__value: [{ prisma__type: 'json', prisma__value: [1] }] },
  };
  assert.deepEqual(translateResult({ data: { queryRaw: raw } }, 'queryRaw'), {
    data: { result: [expected] },
  });
});

test('hands errors on', () => {
  const answer = { errors: [{ error: 'x' }] };
  assert.equal(translateResult(answer, 'findMany'), answer);
});
