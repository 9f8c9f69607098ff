// Reads what the translation needs from schema.prisma: the models and the type of each field.

const MODEL_BLOCK = /^model\s+(\w+)\s*\{([\s\S]*?)^\}/gm;
const FIELD_LINE = /^\s*(\w+)\s+(\w+)(\[\])?\??/;

/** @returns {Map<string, Map<string, string>>} model name -> field name -> type name */
export function parsePrismaSchema(text) {
  const models = new Map();
  for (const [, name, body] of text.matchAll(MODEL_BLOCK)) {
    models.set(name, parseFields(body));
  }
  return models;
}

function parseFields(body) {
  const fields = new Map();
  for (const line of body.split('\n')) {
    const found = FIELD_LINE.exec(line);
    if (found) fields.set(found[1], found[2]);
  }
  return fields;
}
