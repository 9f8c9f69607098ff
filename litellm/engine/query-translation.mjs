// prisma-client-py speaks the GraphQL protocol, the WASM engine of Prisma 5.17 only the JSON protocol.
import { parseOperation } from './graphql-parser.mjs';

// Longest names first, so that findUniqueXOrThrow is not taken for findUniqueX with a model "XOrThrow".
const ACTIONS = [
  [/^findUnique(\w+)OrThrow$/, 'findUniqueOrThrow'],
  [/^findFirst(\w+)OrThrow$/, 'findFirstOrThrow'],
  [/^findUnique(\w+)$/, 'findUnique'],
  [/^findFirst(\w+)$/, 'findFirst'],
  [/^findMany(\w+)$/, 'findMany'],
  [/^createOne(\w+)$/, 'createOne'],
  [/^createMany(\w+)$/, 'createMany'],
  [/^updateOne(\w+)$/, 'updateOne'],
  [/^updateMany(\w+)$/, 'updateMany'],
  [/^deleteOne(\w+)$/, 'deleteOne'],
  [/^deleteMany(\w+)$/, 'deleteMany'],
  [/^upsertOne(\w+)$/, 'upsertOne'],
  [/^aggregate(\w+)$/, 'aggregate'],
  [/^groupBy(\w+)$/, 'groupBy'],
];
const RAW_ACTIONS = new Set(['queryRaw', 'executeRaw']);
// Filter and update operators of a Json field whose operand is itself a JSON document.
const JSON_OPERATORS = new Set([
  'set',
  'equals',
  'not',
  'array_contains',
  'array_starts_with',
  'array_ends_with',
]);

export class UnknownOperationError extends Error {}

export function translateQuery(graphql, models) {
  const operation = parseOperation(graphql);
  if (RAW_ACTIONS.has(operation.fieldName)) {
    return { action: operation.fieldName, query: { arguments: operation.arguments, selection: {} } };
  }
  const { action, modelName } = resolveAction(operation.fieldName, models);
  return {
    modelName,
    action,
    query: {
      arguments: tagJson(operation.arguments, modelName, models),
      selection: translateSelection(operation.selection, modelName, models),
    },
  };
}

function resolveAction(fieldName, models) {
  for (const [pattern, action] of ACTIONS) {
    const modelName = pattern.exec(fieldName)?.[1];
    if (modelName !== undefined && models.has(modelName)) return { action, modelName };
  }
  throw new UnknownOperationError(`no model and action for "${fieldName}"`);
}

function translateSelection(selection, modelName, models) {
  const translated = {};
  for (const [name, value] of Object.entries(selection)) {
    const related = relatedModel(modelName, name, models) ?? modelName;
    translated[name] =
      value === true
        ? true
        : {
            arguments: tagJson(value.arguments, related, models),
            selection: translateSelection(value.selection, related, models),
          };
  }
  return translated;
}

// A string for a Json field is the JSON text itself. Untagged, the engine would encode it a second time.
function tagJson(value, modelName, models) {
  if (Array.isArray(value)) return value.map((item) => tagJson(item, modelName, models));
  if (value === null || typeof value !== 'object' || '$type' in value) return value;
  const tagged = {};
  for (const [key, inner] of Object.entries(value)) {
    tagged[key] = tagField(key, inner, modelName, models);
  }
  return tagged;
}

function tagField(key, value, modelName, models) {
  if (models.get(modelName)?.get(key) === 'Json') return tagJsonField(value, modelName, models);
  return tagJson(value, relatedModel(modelName, key, models) ?? modelName, models);
}

function tagJsonField(value, modelName, models) {
  if (typeof value === 'string') return { $type: 'Json', value };
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    return tagJson(value, modelName, models);
  const tagged = {};
  // `data` is both a Json column (of one model) and the name of the argument around all columns.
  for (const [key, inner] of Object.entries(value)) {
    const isDocument = typeof inner === 'string' && JSON_OPERATORS.has(key);
    tagged[key] = isDocument ? { $type: 'Json', value: inner } : tagField(key, inner, modelName, models);
  }
  return tagged;
}

function relatedModel(modelName, fieldName, models) {
  const type = models.get(modelName)?.get(fieldName);
  return type !== undefined && models.has(type) ? type : undefined;
}
