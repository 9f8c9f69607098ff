import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePorts } from '../stack/ports.mjs';
import { portVariables, readSettings } from '../stack/settings.mjs';

const passedOn = [
  'SIGNALBOX_CACHE_DIR',
  'XDG_CACHE_HOME',
  'SIGNALBOX_PYTHON',
  'SIGNALBOX_PRISMA_ENGINE',
  'LOG_LEVEL',
];

/**
 * Settings of an installation that lives for one test run: free ports, a data folder of its own, no database or key of the
 * person's. `canaryKeys` are made-up provider keys that must never show up anywhere, `more` other variables.
 */
export async function throwawaySettings({ name, canaryKeys = {}, more = {} }) {
  const ports = await findFreePorts(Object.keys(portVariables).length);
  const portEnvironment = Object.values(portVariables).map(({ variable }, index) => [
    variable,
    String(ports[index]),
  ]);
  const kept = passedOn
    .filter((variable) => process.env[variable])
    .map((variable) => [variable, process.env[variable]]);
  return readSettings({
    ...Object.fromEntries([...kept, ...portEnvironment]),
    ...canaryKeys,
    ...more,
    SIGNALBOX_DATA_DIR: mkdtempSync(join(tmpdir(), `signalbox-${name}-`)),
  });
}

export function makeCanaryKeys() {
  return { OPENAI_API_KEY: `sk-canary-${randomBytes(24).toString('hex')}` };
}
