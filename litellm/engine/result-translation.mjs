// Turns answers of the JSON protocol into what prisma-client-py expects of the GraphQL protocol.

/** `{data: {findManyX: ...}}` -> `{data: {result: ...}}`, without type tags. */
export function translateResult(answer, action) {
  if (answer.errors) return answer;
  const value = Object.values(answer.data)[0];
  return { data: { result: action === 'queryRaw' ? translateRawRows(value) : untag(value) } };
}

export function untag(value) {
  if (Array.isArray(value)) return value.map(untag);
  if (value === null || typeof value !== 'object') return value;
  if ('$type' in value) return value.value;
  const plain = {};
  for (const [key, inner] of Object.entries(value)) plain[key] = untag(inner);
  return plain;
}

/** `{columns, types, rows}` -> rows of `{column: {prisma__type, prisma__value}}` (prisma/_raw_query.py). */
function translateRawRows(raw) {
  const { columns, types, rows } = untag(raw);
  return rows.map((row) =>
    Object.fromEntries(columns.map((column, index) => [column, rawValue(types[index], row[index])])),
  );
}

function rawValue(type, value) {
  if (value === null) return { prisma__type: 'null', prisma__value: null };
  if (type === 'json') return { prisma__type: type, prisma__value: parseJson(value) };
  if (type.endsWith('-array')) {
    const elementType = type.slice(0, -'-array'.length);
    return { prisma__type: 'array', prisma__value: value.map((item) => rawValue(elementType, item)) };
  }
  return { prisma__type: type, prisma__value: value };
}

function parseJson(value) {
  return typeof value === 'string' ? JSON.parse(value) : value;
}
