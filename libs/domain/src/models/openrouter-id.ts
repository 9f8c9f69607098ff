import { invalidField } from '@signalbox/common';
import { isWildcard } from './model-name';

const lengthMax = 256;
/** `vendor/name`, `vendor/name:variant`, `~vendor/name-latest` (an alias); a wildcard at the end, or alone. */
const pattern = /^(\*|~?[A-Za-z0-9][A-Za-z0-9._-]*\/(\*|[A-Za-z0-9][A-Za-z0-9._:@+~-]*))$/;

function problemOf(openrouterId: string, modelName: string): string | null {
  if (openrouterId.length > lengthMax) return `must have at most ${lengthMax} characters`;
  if (!pattern.test(openrouterId))
    return 'must be an id of OpenRouter, such as openai/gpt-4o-mini (https://openrouter.ai/models)';
  // A name without a wildcard has nothing to put in its place.
  if (isWildcard(openrouterId) && !isWildcard(modelName))
    return 'may end with * only where the name of the model does';
  return null;
}

export function checkOpenrouterId(openrouterId: string | null, modelName: string): void {
  const problem = openrouterId === null ? null : problemOf(openrouterId, modelName);
  if (problem === null) return;
  const field = 'openrouter_id';
  throw invalidField(field, problem);
}
