import { environmentSchemas, type ProcessName } from '@signalbox/config';
import { execFileSync } from 'node:child_process';
import { composeText, service } from './compose-file';
import { listFiles, matches, read, root } from './project-files';

/** The service of docker-compose.yml that runs each process. The others are run by hand, in the API's container. */
const serviceOf: Record<Exclude<ProcessName, 'verifyAudit' | 'maintenance'>, string> = {
  api: 'api',
  worker: 'worker',
  edge: 'edge',
  migrate: 'migrate',
  bootstrap: 'bootstrap',
};
const processes = Object.keys(serviceOf) as (keyof typeof serviceOf)[];

/** What `npm start` gives each process. */
function variablesOfStart(): Record<string, string[]> {
  const script = `import { variablesOf } from './scripts/stack/process-environments.mjs';
    import { providerKeyVariables } from './scripts/stack/settings.mjs';
    console.log(JSON.stringify({ ...variablesOf, providerKeys: providerKeyVariables }));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: root,
    encoding: 'utf8',
  });
  return JSON.parse(output) as Record<string, string[]>;
}

const started = variablesOfStart();
const providerKeys = started['providerKeys'] ?? [];

function known(name: ProcessName): string[] {
  return Object.keys(environmentSchemas[name].shape);
}

function demanded(name: ProcessName): string[] {
  const shape: Record<string, { safeParse(value: unknown): { success: boolean } }> =
    environmentSchemas[name].shape;
  return Object.keys(shape).filter((variable) => !shape[variable]?.safeParse(undefined).success);
}

function inCompose(name: string): string[] {
  return Object.keys(service(name).environment);
}

/** What the Python files of the runner and of LiteLLM's side read from the environment. */
function runnerReads(): string[] {
  const files = listFiles('litellm').filter((path) =>
    /^litellm\/(runner|signalbox_litellm)\/(?!test_)[a-z_]+\.py$/.test(path),
  );
  expect(files.length).toBeGreaterThan(5);
  const names = files.flatMap((path) =>
    matches(read(path), /"((?:SIGNALBOX|LITELLM|REDIS|LOG)_[A-Z_]+|[A-Z_]+_API_KEY)"/g),
  );
  return [...new Set(names)];
}

const without = (names: readonly string[], others: readonly string[]) =>
  names.filter((name) => !others.includes(name));

describe('docker-compose.yml', () => {
  it.each(processes)('gives %s what it demands and nothing that it does not read', (name) => {
    const given = inCompose(serviceOf[name]);
    expect(without(given, known(name))).toEqual([]);
    expect(without(demanded(name), given)).toEqual([]);
  });

  it('gives the runner what `npm start` gives it, and the provider keys', () => {
    const given = inCompose('runner');
    // Inside a container the ports are the defaults, and there is no parent process to end with.
    const fixed = /_PORT$|^SIGNALBOX_EXIT_WITH_PARENT$/;
    const expected = [...(started['runner'] ?? []), ...providerKeys].filter((name) => !fixed.test(name));
    expect(given.sort()).toEqual(expected.sort());
  });

  it("gives provider keys to the runner only, but for OpenRouter's, with which the edge stands in for LiteLLM", () => {
    const others = without(
      [...Object.values(serviceOf), 'postgres', 'valkey', 'migrate-litellm'],
      ['runner'],
    );
    for (const name of others) {
      const held = inCompose(name).filter((variable) => providerKeys.includes(variable));
      expect(held).toEqual(name === 'edge' ? ['OPENROUTER_API_KEY'] : []);
    }
  });

  it('gives the API all that commands read which are run in its container', () => {
    for (const name of ['verifyAudit', 'maintenance'] as const) {
      expect(without(known(name), known('api'))).toEqual([]);
    }
  });

  it('gives the migration of LiteLLM its database only', () => {
    expect(inCompose('migrate-litellm')).toEqual(started['litellmMigrate']);
  });
});

describe('npm start', () => {
  it.each(processes)('gives %s the variables of its schema and nothing else', (name) => {
    // NODE_ENV is read by libraries, not by us.
    expect(without(started[name] ?? [], [...known(name), 'NODE_ENV'])).toEqual([]);
    expect(without(known(name), started[name] ?? [])).toEqual([]);
  });

  it('gives the runner what its files read', () => {
    // Made by the runner itself for its children.
    const internal = new Set(['SIGNALBOX_REDACT', 'SIGNALBOX_REDIS_URL']);
    const settingsOfLitellm = /^LITELLM_(?!MASTER_KEY|SALT_KEY|DATABASE_URL)/;
    const reads = runnerReads().filter((name) => !settingsOfLitellm.test(name) && !internal.has(name));
    const given = [...(started['runner'] ?? []), ...providerKeys];
    expect(without(reads, given)).toEqual([]);
    expect(without(given, [...reads, 'LOG_LEVEL'])).toEqual([]);
  });
});

describe('least privilege', () => {
  const databases = ['DATABASE_URL', 'APP_DATABASE_URL', 'LITELLM_DATABASE_URL'];
  const holders = (variable: string) => processes.filter((name) => known(name).includes(variable)).sort();

  it('is visible in libs/config', () => {
    expect(without(databases, without(databases, known('edge')))).toEqual([]);
    expect(holders('DATABASE_URL')).toEqual(['migrate']);
    expect(holders('LITELLM_DATABASE_URL')).toEqual(['worker']);
    expect(holders('LITELLM_MASTER_KEY')).toEqual(['worker']);
    expect(holders('SIGNALBOX_CONTEXT_SIGNING_KEYS')).toEqual(['edge']);
    expect(holders('SIGNALBOX_BROKER_TOKEN')).toEqual(['api']);
    expect(holders('SIGNALBOX_FALLBACK_TOKEN')).toEqual(['api', 'edge']);
    expect(holders('SIGNALBOX_EDGE_STATE_KEYS')).toEqual(['edge']);
    expect(holders('SIGNALBOX_FINGERPRINT_KEY')).toEqual(['api', 'worker']);
    expect(holders('INFISICAL_CLIENT_SECRET')).toEqual(['api', 'worker']);
    expect(holders('INFISICAL_WEBHOOK_SECRET')).toEqual(['api']);
    for (const name of ['edge', 'runner'])
      expect(started[name]?.filter((variable) => /^INFISICAL_|FINGERPRINT/.test(variable))).toEqual([]);
    expect(started['runner']).not.toContain('APP_DATABASE_URL');
    expect(started['runner']).not.toContain('SIGNALBOX_ENCRYPTION_KEYS');
  });
});

describe('.env.example', () => {
  const offered = matches(read('.env.example'), /^([A-Z][A-Z0-9_]*)=/gm);

  it('names exactly the variables that docker-compose.yml takes', () => {
    const taken = new Set(matches(composeText, /(?<!\$)\$\{([A-Z0-9_]+)/g));
    expect(offered.sort()).toEqual([...taken].sort());
    expect(new Set(offered).size).toBe(offered.length);
  });

  it('has no value for a secret', () => {
    expect(read('.env.example')).not.toMatch(/^[A-Z_]*(PASSWORD|TOKEN|KEYS?)=.+/m);
  });
});

describe('docs/configuration.md', () => {
  const ofCompose = matches(read('.env.example'), /^([A-Z][A-Z0-9_]*)=/gm);
  const ofProcesses = (Object.keys(environmentSchemas) as ProcessName[]).flatMap(known);

  it('describes every variable', () => {
    const described = new Set(matches(read('docs/configuration.md'), /`([A-Z][A-Z0-9_]{3,})`/g));
    const all = new Set([...ofProcesses, ...(started['runner'] ?? []), ...providerKeys, ...ofCompose]);
    // Passwords of the compose file are described where they are set: .env.example.
    const passwords = /_PASSWORD$/;
    expect(without([...all], [...described]).filter((name) => !passwords.test(name))).toEqual([]);
  });
});
