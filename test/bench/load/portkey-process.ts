import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/e2e/plain-litellm';
import { waitUntil } from '../../support/wait-until';
import { spawnProgram, type Spawned } from './bench-process';

/** Later ones break its streams. Not a dependency of ours: installed from the registry when the benchmark is run. */
const manifest = {
  name: 'signalbox-bench-portkey',
  private: true,
  dependencies: { '@portkey-ai/gateway': '1.15.2', '@hono/node-server': '1.14.1' },
  overrides: { '@hono/node-server': '1.14.1' },
};

function install(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'signalbox', 'bench', 'portkey-1.15.2');
  const script = join(folder, 'node_modules', '@portkey-ai', 'gateway', 'build', 'start-server.js');
  if (existsSync(script)) return script;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: 'ignore',
  });
  return script;
}

/** Portkey's open-source gateway, as it comes. */
export async function startPortkey(): Promise<{ port: number; program: Spawned }> {
  const script = install();
  const port = await freePort();
  const logFd = openSync(join(tmpdir(), `signalbox-bench-portkey-${port}.log`), 'a');
  const env = { PATH: process.env['PATH'], NODE_ENV: 'production' };
  const program = spawnProgram(process.execPath, [script, `--port=${port}`, '--headless'], { env, logFd });
  await waitUntil(async () => (await fetch(`http://127.0.0.1:${port}/`)).ok, {
    deadlineMs: 30_000,
    what: 'Portkey',
  });
  return { port, program };
}

export function portkeyHeaders(providerPort: number): Record<string, string> {
  return {
    authorization: 'Bearer sk-bench',
    'x-portkey-provider': 'openai',
    'x-portkey-custom-host': `http://127.0.0.1:${providerPort}/v1`,
  };
}

/** Its own way to do the same: the first target fails, the second answers. */
export function portkeyFallbackHeaders(providerPort: number): Record<string, string> {
  const target = (model: string) => ({
    provider: 'openai',
    api_key: 'sk-bench',
    custom_host: `http://127.0.0.1:${providerPort}/v1`,
    override_params: { model },
  });
  const config = { strategy: { mode: 'fallback' }, targets: [target('bench-down'), target('bench')] };
  return { 'x-portkey-config': JSON.stringify(config) };
}
