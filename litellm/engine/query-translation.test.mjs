import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePrismaSchema } from './prisma-schema.mjs';
import { translateQuery, UnknownOperationError } from './query-translation.mjs';

const MODELS = parsePrismaSchema(`
// model Comment { id String }
model Team {
  team_id  String  @id
  alias    String?
  metadata Json    @default("{}")
  spend    Float   @default(0)
  tokens   Token[]
}

model Token {
  token    String @id
  metadata String
  data     Json?
  team     Team?  @relation(fields: [team_id], references: [team_id])
  team_id  String?
  @@unique([token, team_id])
}
`);
const json = (value) => ({ $type: 'Json', value });
const argumentsOf = (text) => translateQuery(text, MODELS).query.arguments;

const ACTIONS = [
  ['findUniqueTeam', 'findUnique'],
  ['findUniqueTeamOrThrow', 'findUniqueOrThrow'],
  ['findFirstTeam', 'findFirst'],
  ['findFirstTeamOrThrow', 'findFirstOrThrow'],
  ['findManyTeam', 'findMany'],
  ['createOneTeam', 'createOne'],
  ['createManyTeam', 'createMany'],
  ['updateOneTeam', 'updateOne'],
  ['updateManyTeam', 'updateMany'],
  ['deleteOneTeam', 'deleteOne'],
  ['deleteManyTeam', 'deleteMany'],
  ['upsertOneTeam', 'upsertOne'],
  ['aggregateTeam', 'aggregate'],
  ['groupByTeam', 'groupBy'],
];

for (const [fieldName, action] of ACTIONS) {
  test(`translates ${fieldName}`, () => {
    const translated = translateQuery(
      `query { result: ${fieldName} (where: {alias: "a"}) { team_id } }`,
      MODELS,
    );
    assert.deepEqual(translated, {
      modelName: 'Team',
      action,
      query: { arguments: { where: { alias: 'a' } }, selection: { team_id: true } },
    });
  });
}

test('raw queries name no model and keep their parameters as text', () => {
  const text = 'mutation { result: queryRaw (query: "SELECT $1" parameters: "[\\"a\\"]") }';
  assert.deepEqual(translateQuery(text, MODELS), {
    action: 'queryRaw',
    query: { arguments: { query: 'SELECT $1', parameters: '["a"]' }, selection: {} },
  });
});

test('an unknown model or action is named', () => {
  for (const fieldName of ['findManyNobody', 'explodeTeam']) {
    assert.throws(
      () => translateQuery(`query { result: ${fieldName} { id } }`, MODELS),
      UnknownOperationError,
    );
  }
});

test('tags the text of a Json field, in every place where one can stand', () => {
  assert.deepEqual(
    argumentsOf('mutation { result: createOneTeam (data: {metadata: "{}", alias: "{}"}) { team_id } }'),
    {
      data: { metadata: json('{}'), alias: '{}' },
    },
  );
  assert.deepEqual(
    argumentsOf('mutation { result: updateOneTeam (data: {metadata: {set: "[]"}}) { team_id } }'),
    {
      data: { metadata: { set: json('[]') } },
    },
  );
  assert.deepEqual(
    argumentsOf(
      'mutation { result: upsertOneTeam (where: {team_id: "t"}, data: {create: {metadata: "1"}, update: {metadata: "2"}}) { team_id } }',
    ),
    { where: { team_id: 't' }, data: { create: { metadata: json('1') }, update: { metadata: json('2') } } },
  );
  assert.deepEqual(
    argumentsOf('mutation { result: createManyTeam (data: [{metadata: "1"}, {metadata: "2"}]) { count } }'),
    {
      data: [{ metadata: json('1') }, { metadata: json('2') }],
    },
  );
});

test('tags the operand of a Json filter but not its path', () => {
  const text =
    'query { result: findManyTeam (where: {OR: [{metadata: {path: ["a"], equals: "1", string_contains: "x"}}]}) { team_id } }';
  assert.deepEqual(argumentsOf(text), {
    where: { OR: [{ metadata: { path: ['a'], equals: json('1'), string_contains: 'x' } }] },
  });
});

test('follows relations: the same name may be text in another model', () => {
  const text =
    'mutation { result: createOneTeam (data: {metadata: "{}", tokens: {create: [{metadata: "plain", data: "{}"}]}}) { team_id } }';
  assert.deepEqual(argumentsOf(text), {
    data: { metadata: json('{}'), tokens: { create: [{ metadata: 'plain', data: json('{}') }] } },
  });
});

test('tells the argument "data" from a column of that name', () => {
  assert.deepEqual(
    argumentsOf('mutation { result: createOneToken (data: {token: "t", data: "{}"}) { token } }'),
    {
      data: { token: 't', data: json('{}') },
    },
  );
});

test('leaves null and tagged values alone', () => {
  const text =
    'mutation { result: updateOneToken (data: {data: null, team_id: 9007199254740993}) { token } }';
  assert.deepEqual(argumentsOf(text), {
    data: { data: null, team_id: { $type: 'BigInt', value: '9007199254740993' } },
  });
});

test('translates nested selections with their arguments', () => {
  const text = 'query { result: findManyToken { token team(where: {metadata: {equals: "1"}}) { team_id } } }';
  assert.deepEqual(translateQuery(text, MODELS).query.selection, {
    token: true,
    team: { arguments: { where: { metadata: { equals: json('1') } } }, selection: { team_id: true } },
  });
});
