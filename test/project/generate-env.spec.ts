import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './project-files';

describe('infra/docker/generate-env.mjs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-env-'));
  const path = join(folder, '.env');
  afterAll(() => rmSync(folder, { recursive: true }));

  const generate = () =>
    execFileSync(process.execPath, [join(root, 'infra/docker/generate-env.mjs'), folder], {
      encoding: 'utf8',
    });
  const values = () =>
    Object.fromEntries(
      [...readFileSync(path, 'utf8').matchAll(/^([A-Z0-9_]+)=(.*)$/gm)].map(([, name, value]) => [
        name!,
        value!,
      ]),
    );

  it('makes every secret, tells their names only, and closes the file to others', () => {
    const output = generate();
    const secrets = Object.entries(values()).filter(([name]) =>
      /(PASSWORD|TOKEN|SIGNING_KEYS|ENCRYPTION_KEYS|STATE_KEYS|MASTER_KEY|SALT_KEY|FINGERPRINT_KEY)$/.test(
        name,
      ),
    );
    expect(secrets).toHaveLength(14);
    for (const [name, value] of secrets) {
      expect(value).toMatch(/^(sk-|k1:)?[A-Za-z0-9_-]{43}$/);
      expect(output).toContain(name);
      expect(output).not.toContain(value);
    }
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  it('keeps what is there, and describes a provider key that was added', () => {
    const before = values();
    const key = "sk-it's-#a $key";
    const text = readFileSync(path, 'utf8').replace(/^OPENAI_API_KEY=$/m, () => `OPENAI_API_KEY="${key}"`);
    writeFileSync(path, `${text}MY_OWN=1\n`);
    generate();
    const after = values();
    expect(after).toEqual({
      ...before,
      MY_OWN: '1',
      OPENAI_API_KEY: `"${key}"`,
      SIGNALBOX_PROVIDER_ENV: after['SIGNALBOX_PROVIDER_ENV'],
    });
    const fingerprint = createHash('sha256').update(key).digest('hex').slice(0, 16);
    const described = /^'(.*)'$/.exec(after['SIGNALBOX_PROVIDER_ENV']!)?.[1];
    expect(JSON.parse(described!)).toEqual([{ name: 'OPENAI_API_KEY', fingerprint, last4: '$key' }]);
  });

  it('adds the secrets that a newer version needs to an older .env, and keeps the others', () => {
    const before = values();
    writeFileSync(
      path,
      readFileSync(path, 'utf8').replace(/^SIGNALBOX_(BROKER_TOKEN|FINGERPRINT_KEY)=.*\n/gm, ''),
    );
    expect(generate()).toContain('New: SIGNALBOX_BROKER_TOKEN, SIGNALBOX_FINGERPRINT_KEY');
    const { SIGNALBOX_BROKER_TOKEN: token, SIGNALBOX_FINGERPRINT_KEY: fingerprintKey, ...others } = values();
    expect([token, fingerprintKey].filter((value) => /^[A-Za-z0-9_-]{43}$/.test(value ?? ''))).toHaveLength(
      2,
    );
    expect(before).toMatchObject(others);
  });

  it('changes nothing when it is run again', () => {
    generate();
    const before = readFileSync(path, 'utf8');
    expect(generate()).toContain('No secret was missing');
    expect(readFileSync(path, 'utf8')).toBe(before);
  });
});
