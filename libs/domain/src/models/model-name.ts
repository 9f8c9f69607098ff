import { invalidField } from '@signalbox/common';

/**
 * What a client writes into `model`. A wildcard (`openai/*`) stands only at the end, after a slash, or alone: there
 * LiteLLM, the allowlists and the edge agree on what it means.
 */
const namePattern = /^(\*|[A-Za-z0-9][A-Za-z0-9._:@~+/-]*(?<=\/)\*|[A-Za-z0-9][A-Za-z0-9._:@~+/-]*)$/;

/** Entries with a meaning of their own in allowlists: as names of models they would open or close everything. */
export const reservedModelNames: ReadonlySet<string> = new Set([
  'all-team-models',
  'all-proxy-models',
  'no-default-models',
]);

const modelNameHint =
  'must start with a letter or digit and consist of letters, digits and . _ : @ ~ + / -; a wildcard is /* at its end or * alone';

export function isWildcard(name: string): boolean {
  return name.endsWith('*');
}

export function checkModelName(name: string, field = 'name'): void {
  if (namePattern.test(name) && !reservedModelNames.has(name)) return;
  const message = reservedModelNames.has(name) ? 'is a reserved word of allowlists' : modelNameHint;
  throw invalidField(field, message);
}
