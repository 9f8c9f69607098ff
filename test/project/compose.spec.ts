import { DCLinter } from 'dclint';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compose, composeText, networksOf, service } from './compose-file';
import { matches, root } from './project-files';

const services = Object.keys(compose.services);
const ownImages = services.filter((name) => service(name).build);

interface LintResult {
  messages: { rule: string; line: number; message: string }[];
}

/** dclint carries the JSON schema of the compose specification; the rules that are off are matters of order only. */
function problemsOf(path: string): string[] {
  const rules = {
    'services-alphabetical-order': 0,
    'service-keys-order': 0,
    'service-dependencies-alphabetical-order': 0,
    'top-level-properties-order': 0,
    'service-ports-alphabetical-order': 0,
    // It does not know variables with defaults; "publishes..." below checks the same.
    'no-unbound-port-interfaces': 0,
  } as const;
  const results = new DCLinter({ rules, quiet: false, debug: false, exclude: [] }).lintFiles(
    [path],
    false,
  ) as LintResult[];
  expect(results).toHaveLength(1);
  return results.flatMap(({ messages }) =>
    messages.map(({ rule, line, message }) => `${line} ${rule}: ${message}`),
  );
}

describe('docker-compose.yml', () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-compose-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('follows the compose specification', () => {
    expect(problemsOf(join(root, 'docker-compose.yml'))).toEqual([]);
  });

  it('would be refused with a field that the specification does not have', () => {
    const path = join(folder, 'docker-compose.yml');
    writeFileSync(path, composeText.replace('mem_limit: 4g', 'memory_limit: 4g'));
    expect(problemsOf(path).join()).toContain('additional properties');
  });

  it('publishes the edge and the API only, on loopback unless told otherwise', () => {
    const published = services.filter((name) => service(name).ports);
    expect(published.sort()).toEqual(['api', 'edge']);
    expect(service('edge').ports).toEqual(['${SIGNALBOX_EDGE_BIND:-127.0.0.1:4000}:4000']);
    expect(service('api').ports).toEqual(['${SIGNALBOX_API_BIND:-127.0.0.1:4010}:4010']);
  });

  it('keeps PostgreSQL, Valkey and LiteLLM on internal networks', () => {
    expect(compose.networks['control']?.internal).toBe(true);
    expect(compose.networks['database']?.internal).toBe(true);
    expect(networksOf('postgres')).toEqual(['database']);
    expect(networksOf('valkey')).toEqual(['control']);
    const outgoing = services.filter((name) => networksOf(name).includes('egress'));
    expect(outgoing.sort()).toEqual(['runner', 'worker']);
    // LiteLLM listens where this name points to: it must not be known on the network that leads outside.
    expect(service('runner').environment['SIGNALBOX_LITELLM_HOST']).toBe('litellm');
    expect(service('runner').networks).toMatchObject({ control: { aliases: ['litellm'] }, egress: {} });
  });

  it("leads LiteLLM to the broker and to the relay by names of the inner network, where nobody else's are", () => {
    const { environment } = service('runner');
    expect(environment).toMatchObject({
      SIGNALBOX_BROKER_URL: 'http://api:4018',
      SIGNALBOX_EGRESS_URL: 'http://edge:4019',
    });
    // Of the networks that the runner is on, only the inner one has these two names.
    for (const name of ['api', 'edge'])
      expect(networksOf(name).filter((network) => networksOf('runner').includes(network))).not.toContain(
        'egress',
      );
    expect(networksOf('edge')).toContain('control');
    expect(networksOf('api')).toContain('control');
    expect(composeText).not.toMatch(/:(4011|4018|4019|4020)'/);
  });

  it('gives the edge no way to the databases', () => {
    expect(networksOf('edge')).not.toContain('database');
    expect(Object.keys(service('edge').environment).filter((name) => name.includes('DATABASE'))).toEqual([]);
  });

  it('refuses to start without its secrets', () => {
    const secrets = /(PASSWORD|TOKEN|KEYS|MASTER_KEY|SALT_KEY|FINGERPRINT_KEY)$/;
    const uses = [...composeText.matchAll(/\$\{([A-Z_0-9]+)(:[?-][^}]*)?\}/g)];
    const secretUses = uses.filter(([, name]) => secrets.test(name!));
    expect(secretUses.length).toBeGreaterThan(10);
    expect(secretUses.filter(([, , rule]) => !rule?.startsWith(':?')).map(([use]) => use)).toEqual([]);
  });

  it('holds no secret itself', () => {
    expect(composeText).not.toMatch(/sk-[A-Za-z0-9]|:\/\/[^$\s/:]*:(?!\$)[^@\s]*@/);
  });

  it.each(services)('%s is bounded in memory and restarts as its kind demands', (name) => {
    const isOneOff = ['migrate', 'migrate-litellm', 'bootstrap'].includes(name);
    expect(service(name).mem_limit).toMatch(/^\d+[mg]$/);
    expect(service(name).restart).toBe(isOneOff ? 'no' : 'unless-stopped');
  });

  it.each([...ownImages, 'valkey'])('%s runs with a read-only root and without capabilities', (name) => {
    expect(service(name)).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
  });

  it('pins the images that it does not build', () => {
    const images = services.flatMap((name) => service(name).image ?? []);
    expect(images).toHaveLength(2);
    for (const image of images) expect(image).toMatch(/^[a-z/]+:\d+\.\d+/);
  });

  it('starts what needs a database after its migration', () => {
    const startsAfter = (name: string, job: string) =>
      expect(service(name).depends_on?.[job]?.condition).toBe('service_completed_successfully');
    startsAfter('bootstrap', 'migrate');
    startsAfter('worker', 'migrate');
    startsAfter('api', 'bootstrap');
    startsAfter('runner', 'migrate-litellm');
    // The edge serves while everything behind it is away.
    expect(Object.keys(service('edge').depends_on ?? {})).toEqual(['valkey']);
  });

  it('has no one-off job whose end would fail `docker compose up --wait`', () => {
    const jobs = services.filter((name) => service(name).restart === 'no');
    const awaited = new Set(services.flatMap((name) => Object.keys(service(name).depends_on ?? {})));
    expect(jobs.filter((name) => !awaited.has(name))).toEqual([]);
  });

  it('waits for health only where there is a health check', () => {
    const waitedFor = services.flatMap((name) =>
      Object.entries(service(name).depends_on ?? {})
        .filter(([, { condition }]) => condition === 'service_healthy')
        .map(([other]) => other),
    );
    expect(new Set(waitedFor)).toEqual(new Set(['postgres', 'valkey']));
    expect(waitedFor.filter((name) => !service(name).healthcheck)).toEqual([]);
  });

  it('declares every volume and network that it uses', () => {
    const named = services
      .flatMap((name) => service(name).volumes ?? [])
      .flatMap((text) => matches(text, /^([a-z-]+):/g));
    expect(new Set(named)).toEqual(new Set(Object.keys(compose.volumes)));
    expect(new Set(services.flatMap(networksOf))).toEqual(new Set(Object.keys(compose.networks)));
  });
});
