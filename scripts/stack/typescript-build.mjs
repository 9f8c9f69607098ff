import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.mjs';
import { installEnvironment } from './install-environment.mjs';
import { Stamp, hashFiles, listFiles } from './stamp.mjs';

const isSource = (path) => /\.(ts|tsx|json)$/.test(path) && !path.endsWith('spec.ts');
const settingsFiles = ['nest-cli.json', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

/** Compiles apps/ and libs/ into dist/, if a source has changed since. */
export async function ensureBuild({ settings, report, signal }) {
  const { checkout } = settings;
  const stamp = new Stamp(join(checkout, 'dist', '.signalbox-build.json'));
  const inputs = { sources: hashSources(checkout) };
  if (stamp.matches(inputs)) return report.result('unchanged');

  // Without a stamp nobody knows what is in dist/: start afresh. With one, the compiler's own incremental state holds.
  if (!stamp.exists()) rmSync(join(checkout, 'dist'), { recursive: true, force: true });
  stamp.clear();
  await runCommand(
    process.execPath,
    [join(checkout, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js'), 'build'],
    {
      what: 'Compiling the TypeScript sources',
      advice: 'Correct the errors below (or check out a version that compiles) and start again.',
      cwd: checkout,
      env: installEnvironment(),
      logFile: join(settings.files.logs, 'build.log'),
      signal,
    },
  );
  stamp.write(inputs);
  report.result('compiled');
}

function hashSources(checkout) {
  const files = ['apps', 'libs'].flatMap((folder) => listFiles(join(checkout, folder), isSource));
  const shared = settingsFiles.map((name) => join(checkout, name)).filter((path) => existsSync(path));
  return hashFiles([...files, ...shared], checkout);
}
