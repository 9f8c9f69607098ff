import { messageFor, UserError } from '../stack/user-error.mjs';
import { runSuites } from './test-run.mjs';
import { suites } from './suites.mjs';

/** `npm test`, or `npm test -- SUITE [arguments for jest]`. */
export async function main([name, ...toolArgs]) {
  try {
    await runSuites(chooseSuites(name), toolArgs);
  } catch (error) {
    console.error(messageFor(error));
    console.log('\n0 passed, 1 failed');
    process.exitCode = 1;
  }
}

function chooseSuites(name) {
  if (name === undefined) return suites;
  const chosen = suites.filter((suite) => suite.name === name);
  if (chosen.length > 0) return chosen;
  throw new UserError(
    `There is no suite "${name}". There are: ${suites.map((suite) => suite.name).join(', ')}.`,
  );
}
