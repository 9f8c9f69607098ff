import { invalidField } from '@signalbox/common';

const lengthMax = 256;
/** Printable, without spaces and quotes; a wildcard only at the end. */
const pattern = /^[^\s\p{C}*"'\\]*(\*|[^\s\p{C}*"'\\])$/u;

function problemOf(upstreamModel: string): string | null {
  if (upstreamModel.length > lengthMax) return `must have at most ${lengthMax} characters`;
  if (!pattern.test(upstreamModel)) {
    return 'must be the name that the provider uses, without spaces or quotes; * may stand at its end';
  }
  // LiteLLM resolves os.environ/NAME in `model` and does not start when NAME is unset.
  if (/os\.environ\//i.test(upstreamModel)) return 'must not refer to the environment (os.environ/...)';
  return null;
}

export function checkUpstreamModel(upstreamModel: string, field = 'upstream_model'): void {
  const problem = problemOf(upstreamModel);
  if (problem === null) return;
  throw invalidField(field, problem);
}
