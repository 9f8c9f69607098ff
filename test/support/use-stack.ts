import { openStack, type E2eStack } from './e2e-stack';

/** Whole stacks answer in seconds where modules answer in milliseconds; what hangs is ended by waitUntil long before. */
const testTimeoutMs = 240_000;

/** For test files: the stack of this run, and time enough for each test. */
export function useStack(): E2eStack {
  jest.setTimeout(testTimeoutMs);
  return openStack();
}
