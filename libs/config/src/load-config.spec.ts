import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadApiConfig, loadEdgeConfig, loadWorkerConfig } from './index';

const key = Buffer.alloc(32, 7).toString('base64url');
const edge = {
  REDIS_URL: 'redis://localhost:6379',
  SIGNALBOX_INTERNAL_TOKEN: 'internal-token-0123456789',
  SIGNALBOX_CONTEXT_SIGNING_KEYS: `k1:${key},k0:${key}`,
  SIGNALBOX_FALLBACK_TOKEN: 'fallback-token-0123456789',
};

const worker = {
  REDIS_URL: 'redis://localhost:6379',
  APP_DATABASE_URL: 'postgres://app@localhost/signalbox',
  LITELLM_DATABASE_URL: 'postgres://litellm@localhost/litellm',
  LITELLM_MASTER_KEY: 'sk-master-0123456789',
  SIGNALBOX_INTERNAL_TOKEN: 'internal-token-0123456789',
  SIGNALBOX_ENCRYPTION_KEYS: `k1:${key}`,
  SIGNALBOX_FINGERPRINT_KEY: 'fingerprint-key-0123456789',
};
const infisical = {
  INFISICAL_URL: 'https://infisical.example',
  INFISICAL_CLIENT_ID: 'client',
  INFISICAL_CLIENT_SECRET: 'hush-hush',
  INFISICAL_PROJECT_ID: 'project',
};

function problemsOf(load: () => unknown): string[] {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
  }
  throw new Error('the environment was accepted');
}

describe('the environment', () => {
  it('becomes a frozen object with defaults', () => {
    const config = loadEdgeConfig(edge);
    expect(config).toMatchObject({ host: '127.0.0.1', port: 4000, redisPrefix: 'sb', exitWithParent: false });
    expect(config.contextSigningKeys.map(({ kid }) => kid)).toEqual(['k1', 'k0']);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('reports every problem at once, by name', () => {
    const problems = problemsOf(() => loadApiConfig({ REDIS_URL: 'http://x', SIGNALBOX_API_PORT: '70000' }));
    expect(problems.join('\n')).toMatch(/REDIS_URL: must be a URL.*redis/);
    expect(problems.join('\n')).toMatch(/SIGNALBOX_API_PORT/);
    expect(problems.join('\n')).toMatch(/APP_DATABASE_URL is not set/);
  });

  it('never shows a value', () => {
    const problems = problemsOf(() =>
      loadEdgeConfig({
        ...edge,
        SIGNALBOX_CONTEXT_SIGNING_KEYS: 'k1:tooshort-secret',
        SIGNALBOX_INTERNAL_TOKEN: 'hush',
      }),
    );
    expect(problems).toHaveLength(2);
    expect(problems.join('\n')).not.toMatch(/tooshort|hush/);
  });

  it('treats an empty variable as not set', () => {
    expect(loadEdgeConfig({ ...edge, SIGNALBOX_EDGE_PORT: '' }).port).toBe(4000);
  });
});

describe('where provider keys are kept', () => {
  it('is PostgreSQL, sealed, unless Infisical is there', () => {
    expect(loadWorkerConfig(worker).secretStore).toEqual({
      active: 'sealed',
      infisical: null,
      maxStaleMs: 1_800_000,
    });
    const { active, infisical: found } = loadWorkerConfig({ ...worker, ...infisical }).secretStore;
    expect([active, found?.environment, found?.path]).toEqual(['infisical', 'prod', '/signalbox']);
  });

  it('stays PostgreSQL where that is said, with Infisical still readable', () => {
    const store = loadWorkerConfig({ ...worker, ...infisical, SIGNALBOX_SECRET_STORE: 'sealed' }).secretStore;
    expect([store.active, store.infisical?.projectId]).toEqual(['sealed', 'project']);
  });

  it('is not guessed from half of the settings, and no value of them is shown', () => {
    const { INFISICAL_PROJECT_ID: _project, ...half } = infisical;
    const problems = problemsOf(() => loadWorkerConfig({ ...worker, ...half })).join('\n');
    expect(problems).toMatch(/INFISICAL_PROJECT_ID/);
    expect(problems).not.toMatch(/hush/);
    expect(
      problemsOf(() => loadWorkerConfig({ ...worker, SIGNALBOX_SECRET_STORE: 'infisical' })).join(),
    ).toMatch(/INFISICAL_URL/);
  });
});

describe('SIGNALBOX_ALLOWED_HOSTS', () => {
  it('is a list of hosts, host:port and ranges', () => {
    const text = 'Ollama.lan, 10.0.0.0/8,[::1]:11434 ,';
    expect(loadEdgeConfig({ ...edge, SIGNALBOX_ALLOWED_HOSTS: text }).allowedHosts).toEqual([
      'ollama.lan',
      '10.0.0.0/8',
      '[::1]:11434',
    ]);
    expect(loadEdgeConfig(edge).allowedHosts).toEqual([]);
  });

  it.each(['http://10.0.0.1', 'a b', '*'])('refuses %s', (text) => {
    expect(problemsOf(() => loadEdgeConfig({ ...edge, SIGNALBOX_ALLOWED_HOSTS: text })).join()).toMatch(
      /SIGNALBOX_ALLOWED_HOSTS: must be hosts/,
    );
  });
});

describe('SIGNALBOX_CATALOGUE_SOURCES', () => {
  const sourcesOf = (text: string) =>
    loadWorkerConfig({ ...worker, SIGNALBOX_CATALOGUE_SOURCES: text }).catalogueSources;

  it.each([
    ['', ['openrouter', 'litellm']],
    ['litellm', ['litellm']],
    [' OpenRouter ', ['openrouter']],
    ['litellm,openrouter,litellm,', ['openrouter', 'litellm']],
  ])('%j names the sources', (text, expected) => {
    expect(sourcesOf(text)).toEqual(expected);
  });

  it.each([',', 'none', 'litellm,azure'])('%j is refused, and what is right is said', (text) => {
    const problems = problemsOf(() => sourcesOf(text));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^SIGNALBOX_CATALOGUE_SOURCES: must be openrouter, litellm or both/);
    expect(problems[0]).not.toContain('azure');
  });
});

describe('SIGNALBOX_ENCRYPTION_KEYS_FILE', () => {
  const { SIGNALBOX_ENCRYPTION_KEYS: _keys, ...rest } = worker;
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-ring-'));
    path = join(folder, 'ring');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function ringOf(text: string, mode = 0o600) {
    writeFileSync(path, text);
    chmodSync(path, mode);
    return loadWorkerConfig({ ...rest, SIGNALBOX_ENCRYPTION_KEYS_FILE: path }).encryptionKeys;
  }

  it('holds the ring, one key per line or separated by commas, with comments', () => {
    const text = `# of the year 2026\n\nk2:${key} # seals\nk1:${key},k0:${key}\n`;
    expect(ringOf(text).map(({ kid }) => kid)).toEqual(['k2', 'k1', 'k0']);
    expect(ringOf(`k1:${key}`, 0o400)[0]?.key).toEqual(Buffer.alloc(32, 7));
  });

  it.each([0o640, 0o604, 0o620, 0o601])(
    'is refused with the mode %o, and chmod 600 is what helps',
    (mode) => {
      expect(problemsOf(() => ringOf(`k1:${key}`, mode)).join()).toMatch(
        /SIGNALBOX_ENCRYPTION_KEYS_FILE: .*chmod 600/,
      );
    },
  );

  it.each(['', '# nothing', 'k1:short-hush', `k1:${key}\nk1:${key}`, `k 1:${key}`])(
    'is refused when it holds %j, which is not shown',
    (text) => {
      const problems = problemsOf(() => ringOf(text)).join();
      expect(problems).toMatch(/SIGNALBOX_ENCRYPTION_KEYS_FILE: the file must be KEY_ID:/);
      expect(problems).not.toMatch(/hush/);
    },
  );

  it('is a regular file that is there', () => {
    const load = (SIGNALBOX_ENCRYPTION_KEYS_FILE: string) => () =>
      loadWorkerConfig({ ...rest, SIGNALBOX_ENCRYPTION_KEYS_FILE });
    expect(problemsOf(load(folder)).join()).toMatch(/not a regular file/);
    expect(problemsOf(load(path)).join()).toMatch(/cannot be read \(ENOENT\)/);
  });

  it("is ours or root's", () => {
    writeFileSync(path, `k1:${key}`, { mode: 0o600 });
    // Only root can give a file away; anybody else looks like another user for a moment.
    if (process.getuid?.() === 0) chownSync(path, 12_345, 12_345);
    else jest.spyOn(process, 'getuid').mockReturnValue(12_345);
    const load = () => loadWorkerConfig({ ...rest, SIGNALBOX_ENCRYPTION_KEYS_FILE: path });
    expect(problemsOf(load).join()).toMatch(/belongs to user \d+/);
    jest.restoreAllMocks();
  });

  it('is used alone: both or none of the two variables are refused', () => {
    writeFileSync(path, `k1:${key}`, { mode: 0o600 });
    const both = { ...worker, SIGNALBOX_ENCRYPTION_KEYS_FILE: path };
    expect(problemsOf(() => loadWorkerConfig(both)).join()).toMatch(/both set/);
    expect(problemsOf(() => loadWorkerConfig(rest)).join()).toMatch(/SIGNALBOX_ENCRYPTION_KEYS is not set/);
  });
});
