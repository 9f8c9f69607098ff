import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

function runCli(args, dataDir) {
  const env = { ...process.env, SIGNALBOX_DATA_DIR: dataDir };
  const script = join(import.meta.dirname, '..', 'cli.mjs');
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { env }, (error, _stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stderr }),
    );
  });
}

test('a command that is none, or nothing to run it on, is told with what to do', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'signalbox-cli-'));
  try {
    const mistyped = await runCli(['reencrypt'], dataDir);
    assert.equal(mistyped.code, 1);
    assert.match(mistyped.stderr, /reencrypt-secrets, move-secrets/);
    const stopped = await runCli(['reencrypt-secrets'], dataDir);
    assert.equal(stopped.code, 1);
    assert.match(stopped.stderr, /not running.*npm start/);
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});
