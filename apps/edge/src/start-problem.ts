import { ConfigError } from '@signalbox/config';
import { StartFailed } from './cluster-primary';

/** Errors whose message says all that a person needs to know; of any other the stack is shown. */
export function isStartProblem(error: unknown): error is Error {
  if (error instanceof ConfigError || error instanceof StartFailed) return true;
  return (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
}
