import { openStack, type E2eStack } from './e2e-stack';

/**
 * Whole stacks answer in seconds where modules answer in milliseconds; what hangs is ended by waitUntil long before. Set when a
 * test file imports this module, since a hook's limit is read before the hook runs.
 */
jest.setTimeout(600_000);

/** For test files: the stack of this run. */
export function useStack(): E2eStack {
  return openStack();
}
