// node infra/docker/generate-env.mjs [FOLDER]
// Writes .env from .env.example: makes each secret that is missing, keeps each value that is there.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeProviderKeys } from '../../scripts/stack/process-environments.mjs';
import { providerKeyVariables } from '../../scripts/stack/settings.mjs';

const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const secret = () => randomBytes(32).toString('base64url');
const keyRing = () => `k1:${secret()}`;

const generators = {
  POSTGRES_PASSWORD: secret,
  OWNER_DATABASE_PASSWORD: secret,
  APP_DATABASE_PASSWORD: secret,
  LITELLM_DATABASE_PASSWORD: secret,
  VALKEY_PASSWORD: secret,
  SIGNALBOX_INTERNAL_TOKEN: secret,
  SIGNALBOX_BROKER_TOKEN: secret,
  SIGNALBOX_FALLBACK_TOKEN: secret,
  SIGNALBOX_FINGERPRINT_KEY: secret,
  SIGNALBOX_CONTEXT_SIGNING_KEYS: keyRing,
  SIGNALBOX_EDGE_STATE_KEYS: keyRing,
  SIGNALBOX_ENCRYPTION_KEYS: keyRing,
  LITELLM_MASTER_KEY: () => `sk-${secret()}`,
  LITELLM_SALT_KEY: () => `sk-${secret()}`,
};

const assignment = /^([A-Z][A-Z0-9_]*)=(.*)$/;

/** The text after each `=`, with its quotes, so that a kept value is kept as it was written. */
function readAssignments(text) {
  return new Map(
    text.split(/\r?\n/).flatMap((line) => {
      const match = assignment.exec(line);
      return match ? [[match[1], match[2].trim()]] : [];
    }),
  );
}

function unquote(text) {
  return /^(['"])(.*)\1$/.exec(text)?.[2] ?? text;
}

/** In single quotes, where compose replaces nothing. */
function describeProviders(values) {
  const keys = Object.fromEntries(
    providerKeyVariables.map((name) => [name, unquote(values.get(name) ?? '')]).filter(([, value]) => value),
  );
  return `'${JSON.stringify(describeProviderKeys(keys)).replaceAll("'", String.raw`\u0027`)}'`;
}

function fillTemplate(template, existing) {
  const values = readAssignments(existing);
  const made = [];
  for (const [name, generate] of Object.entries(generators)) {
    if (values.get(name)) continue;
    values.set(name, generate());
    made.push(name);
  }
  values.set('SIGNALBOX_PROVIDER_ENV', describeProviders(values));
  const known = readAssignments(template);
  const lines = template.split('\n').map((line) => {
    const name = assignment.exec(line)?.[1];
    return name && values.has(name) ? `${name}=${values.get(name)}` : line;
  });
  const others = [...values].filter(([name]) => !known.has(name)).map(([name, value]) => `${name}=${value}`);
  if (others.length > 0) lines.push('# --- Your own ---', '', ...others, '');
  return { text: lines.join('\n'), made };
}

function main(folder) {
  const path = join(folder, '.env');
  const template = readFileSync(join(checkout, '.env.example'), 'utf8');
  const { text, made } = fillTemplate(template, existsSync(path) ? readFileSync(path, 'utf8') : '');
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  console.log(
    `${path} is written (readable by you alone). ${made.length > 0 ? `New: ${made.join(', ')}` : 'No secret was missing.'}`,
  );
}

main(resolve(process.argv[2] ?? checkout));
