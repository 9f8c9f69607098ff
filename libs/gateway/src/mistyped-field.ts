export interface MistypedField {
  readonly name: string;
  /** For a person. */
  readonly message: string;
}

/** What is read of a body before it is sent on. Everything else is for the provider to refuse. */
const types: Readonly<Record<string, 'boolean' | 'array' | 'object'>> = {
  stream: 'boolean',
  messages: 'array',
  metadata: 'object',
  extra_body: 'object',
};

/** The first field of a JSON body that is of the wrong type; null is as good as none. */
export function findMistypedField(fields: Readonly<Record<string, unknown>>): MistypedField | null {
  for (const [name, type] of Object.entries(types)) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    const actual = Array.isArray(value) ? 'array' : typeof value;
    if (actual !== type) return { name, message: `"${name}" must be of type ${type}, not ${actual}.` };
  }
  return null;
}
