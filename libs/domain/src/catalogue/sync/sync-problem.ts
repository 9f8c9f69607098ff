import { CatalogueSourceError, SourceNotReached } from '../sources/source-error';

const openrouterSteps: ReadonlySet<string> = new Set(['fetch_models', 'fetch_endpoints']);
const wayWithoutOpenrouter =
  "Where the network has no way to OpenRouter, set SIGNALBOX_CATALOGUE_SOURCES=litellm: LiteLLM's prices come from this installation.";

/** What an operator is told of a failure. */
export function syncProblem(step: string, error: unknown): string {
  if (!(error instanceof CatalogueSourceError)) {
    return "The sync met with an error of its own: see the worker's log.";
  }
  const isBlocked = error instanceof SourceNotReached && openrouterSteps.has(step);
  return isBlocked ? `${error.message} ${wayWithoutOpenrouter}` : error.message;
}
