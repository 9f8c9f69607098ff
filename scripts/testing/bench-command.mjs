import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSettings } from '../stack/settings.mjs';
import { UserError, messageFor } from '../stack/user-error.mjs';
import { couldNotRun } from './counts.mjs';
import { runTool, toolEnvironment } from './run-tool.mjs';
import { withTestStack } from './suites.mjs';
import { runSuites } from './test-run.mjs';

const suffix = '.bench.ts';
const childScript = join(dirname(fileURLToPath(import.meta.url)), 'bench-child.cjs');

/** `npm run bench -- NAME`: test/bench/NAME.bench.ts against a stack of its own; the figures go to bench-results/NAME.json. */
export async function main([name]) {
  try {
    await runSuites([benchSuite(name)], []);
  } catch (error) {
    console.error(messageFor(error));
    process.exitCode = 1;
  }
}

function benchSuite(name) {
  const { checkout } = readSettings();
  const folder = join(checkout, 'test', 'bench');
  const file = join(folder, `${name}${suffix}`);
  if (!name || !existsSync(file)) {
    throw new UserError(
      `Say which benchmark: npm run bench -- NAME. There are: ${listBenches(folder).join(', ') || 'none'}.`,
    );
  }
  const resultFile = join(checkout, 'bench-results', `${name}.json`);
  return {
    title: `Benchmark: ${name}`,
    needs: ['packages', 'build', 'python'],
    run: (context) =>
      withTestStack(context, { name: 'bench', isDurable: true }, async (environment) => {
        const options = { env: toolEnvironment(environment), cwd: checkout, signal: context.signal };
        const { exitCode } = await runTool(process.execPath, [childScript, file, resultFile], options);
        if (exitCode === 0) console.log(`Figures: ${resultFile}`);
        return exitCode === 0 ? { passed: 1, failed: 0, skipped: 0 } : couldNotRun;
      }),
  };
}

function listBenches(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(suffix))
    .map((file) => file.slice(0, -suffix.length));
}
