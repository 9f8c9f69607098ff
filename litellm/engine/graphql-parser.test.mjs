import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GraphqlSyntaxError, parseOperation } from './graphql-parser.mjs';

test('reads a query as prisma-client-py writes it', () => {
  const text = `query {
    result: findUniqueLiteLLM_TeamTable
    (
      where: {
        team_id: "t_1"
      }
      take: 10
    )
    {
      team_id
      budget(
        where: {
          max_budget: {
            gt: 1.5
          }
        }
      )
      {
        budget_id
      }
      members {
        user_id
      }
    }
  }`;
  assert.deepEqual(parseOperation(text), {
    operation: 'query',
    fieldName: 'findUniqueLiteLLM_TeamTable',
    arguments: { where: { team_id: 't_1' }, take: 10 },
    selection: {
      team_id: true,
      budget: { arguments: { where: { max_budget: { gt: 1.5 } } }, selection: { budget_id: true } },
      members: { arguments: {}, selection: { user_id: true } },
    },
  });
});

const VALUES = [
  ['"plain"', 'plain'],
  ['""', ''],
  [JSON.stringify('quote " backslash \\ line\nbreak ☃'), 'quote " backslash \\ line\nbreak ☃'],
  ['"ends with a backslash\\\\"', 'ends with a backslash\\'],
  ['"{ not: [syntax] } (here)"', '{ not: [syntax] } (here)'],
  ['-12', -12],
  ['1.5e-05', 0.000015],
  ['1e+16', 1e16],
  ['9007199254740993', { $type: 'BigInt', value: '9007199254740993' }],
  ['true', true],
  ['false', false],
  ['null', null],
  ['desc', 'desc'],
  ['[]', []],
  ['["a",\n"b", {x: 1}]', ['a', 'b', { x: 1 }]],
];

for (const [literal, expected] of VALUES) {
  test(`reads the value ${literal}`, () => {
    const operation = parseOperation(`mutation { result: createOneX (data: {field: ${literal}}) { id } }`);
    assert.deepEqual(operation.arguments, { data: { field: expected } });
  });
}

test('reads strings of megabytes', () => {
  const value = `${'x"\\'.repeat(1_000_000)}end`;
  const operation = parseOperation(`query { result: findManyX (a: ${JSON.stringify(value)}) { id } }`);
  assert.equal(operation.arguments.a, value);
});

for (const broken of [
  '',
  'query',
  'query {',
  'query { result: x ( a: "open ) }',
  'query { result: x ( a } ) }',
  'query { result: x ( : 1 ) }',
]) {
  test(`refuses ${JSON.stringify(broken)}`, () => {
    assert.throws(() => parseOperation(broken), GraphqlSyntaxError);
  });
}
