import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import type { BootstrapConfig } from '@signalbox/config';
import {
  ConfigReleaseEntity,
  CredentialEntity,
  ModelEntity,
  OrganizationEntity,
  ServiceTokenEntity,
  VirtualKeySecretEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import { BootstrapService } from '@signalbox/domain/bootstrap';
import { ServiceTokenAuthenticator } from '@signalbox/domain/service-tokens';
import { hashVirtualKeyValue, parseVirtualKeyValue } from '@signalbox/gateway';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { EntityTarget, ObjectLiteral } from 'typeorm';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/test-database';
import { JobModule } from './job-module';

let database: TestDatabase;
let context: INestApplicationContext;
let folder: string;
let adminTokenFile: string;
let virtualKeyFile: string;

const openai = { name: 'OPENAI_API_KEY', fingerprint: '0123456789abcdef', last4: 'wxyz' };

beforeEach(async () => {
  database = await openTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'signalbox-bootstrap-'));
  adminTokenFile = join(folder, 'secrets', 'admin-token');
  virtualKeyFile = join(folder, 'secrets', 'virtual-key');
  const config: BootstrapConfig = Object.freeze({
    logLevel: 'silent',
    databaseUrl: database.appUrl,
    encryptionKeys: [{ kid: 'test', key: Buffer.alloc(32, 5) }],
    adminTokenFile,
    virtualKeyFile,
    providerEnvironment: [],
  });
  context = await NestFactory.createApplicationContext(JobModule.bootstrap(config), { logger: false });
});

afterEach(async () => {
  jest.restoreAllMocks();
  await context.close();
  await database.close();
  rmSync(folder, { recursive: true });
});

async function run(
  more: { providerKeys?: (typeof openai)[]; adminTokenFile?: string } = {},
): Promise<string[]> {
  const lines: string[] = [];
  const options = { adminTokenFile, virtualKeyFile, providerKeys: [], ...more };
  await context.get(BootstrapService).run(options, (line) => lines.push(line));
  return lines;
}

function all<Row extends ObjectLiteral>(entity: EntityTarget<Row>): Promise<Row[]> {
  return database.transactions.run('platform', (manager) =>
    manager.find(entity, { order: { id: 'ASC' } as never }),
  );
}

const read = (file: string): string => readFileSync(file, 'utf8').trim();

async function isTokenUsable(value: string): Promise<boolean> {
  return context
    .get(ServiceTokenAuthenticator, { strict: false })
    .authenticate(value, null)
    .then(
      (caller) => caller.organizationId === null && caller.scopes.includes('*'),
      () => false,
    );
}

async function isKeyLive(value: string): Promise<boolean> {
  const secrets = await all(VirtualKeySecretEntity);
  const secret = secrets.find(({ keyHash }) => keyHash === hashVirtualKeyValue(value));
  return secret !== undefined && (secret.validUntil === null || secret.validUntil > new Date());
}

describe('the first start', () => {
  it('makes what answers a first request, and writes both values for their owner only', async () => {
    const lines = await run({ providerKeys: [openai] });
    expect((await all(OrganizationEntity)).map(({ name }) => name)).toEqual(['Demo organization']);
    expect(await all(WorkspaceEntity)).toHaveLength(1);
    const models = await all(ModelEntity);
    expect(models.map(({ name, isDemo }) => [name, isDemo]).sort()).toEqual([
      ['demo', true],
      ['openai/*', false],
    ]);
    const [release] = await all(ConfigReleaseEntity);
    expect(release).toMatchObject({ number: 1, status: 'applying' });
    expect(release?.configYaml).toMatch(/cred_\w+: "OPENAI_API_KEY"/);
    expect(release?.configYaml).not.toContain('os.environ/OPENAI_API_KEY');
    expect(await isTokenUsable(read(adminTokenFile))).toBe(true);
    expect(parseVirtualKeyValue(read(virtualKeyFile))).toBe('valid');
    expect(await isKeyLive(read(virtualKeyFile))).toBe(true);
    for (const file of [adminTokenFile, virtualKeyFile]) expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(lines.join('\n')).toMatch(
      /organization.*workspace.*demo.*OPENAI_API_KEY.*config release 1.*token.*key/s,
    );
    expect(lines.join('\n')).not.toContain(read(adminTokenFile));
    expect(lines.join('\n')).not.toContain(read(virtualKeyFile));
  });

  it('makes nothing twice, even when two run at the same time', async () => {
    await Promise.all([run(), run(), run()]);
    const before = [read(adminTokenFile), read(virtualKeyFile)];
    await run();
    expect([read(adminTokenFile), read(virtualKeyFile)]).toEqual(before);
    expect(await all(OrganizationEntity)).toHaveLength(1);
    expect(await all(WorkspaceEntity)).toHaveLength(1);
    expect(await all(ModelEntity)).toHaveLength(1);
    expect(await all(ConfigReleaseEntity)).toHaveLength(1);
    expect(await all(ServiceTokenEntity)).toHaveLength(1);
    expect(await all(VirtualKeySecretEntity)).toHaveLength(1);
  });
});

describe('a start that died', () => {
  /** The connection fails at the statement, so that its transaction is undone: as when the process is killed there. */
  async function runUntil(statement: RegExp): Promise<void> {
    const real = Client.prototype.query as (...args: unknown[]) => unknown;
    jest.spyOn(Client.prototype, 'query').mockImplementation(function (this: unknown, ...args: unknown[]) {
      if (typeof args[0] === 'string' && statement.test(args[0])) throw new Error('killed');
      return real.apply(this, args);
    });
    await expect(run({ providerKeys: [openai] })).rejects.toThrow('killed');
    jest.restoreAllMocks();
  }

  it.each([
    /INSERT INTO "workspaces"/,
    /INSERT INTO "providers"/,
    /INSERT INTO "models"/,
    /INSERT INTO "credentials"/,
    /INSERT INTO "config_releases"/,
    /INSERT INTO "service_tokens"/,
    /INSERT INTO "virtual_keys"/,
    /INSERT INTO "virtual_key_secrets"/,
    /INSERT INTO "audit_events"/,
  ])('before %s is completed by the next one', async (statement) => {
    await runUntil(statement);
    await run({ providerKeys: [openai] });
    expect(await all(OrganizationEntity)).toHaveLength(1);
    expect(await all(WorkspaceEntity)).toHaveLength(1);
    expect((await all(ModelEntity)).map(({ name }) => name).sort()).toEqual(['demo', 'openai/*']);
    expect(await all(ConfigReleaseEntity)).toHaveLength(1);
    expect(await isTokenUsable(read(adminTokenFile))).toBe(true);
    expect(await isKeyLive(read(virtualKeyFile))).toBe(true);
  });

  it('between row and file gives a new value, and the lost one is refused', async () => {
    await run();
    const lost = { token: read(adminTokenFile), key: read(virtualKeyFile) };
    rmSync(adminTokenFile);
    rmSync(virtualKeyFile);
    await run();
    expect(await isTokenUsable(read(adminTokenFile))).toBe(true);
    expect(await isTokenUsable(lost.token)).toBe(false);
    expect(await isKeyLive(read(virtualKeyFile))).toBe(true);
    expect(await isKeyLive(lost.key)).toBe(false);
    expect((await all(ServiceTokenEntity)).filter(({ revokedAt }) => revokedAt === null)).toHaveLength(1);
  });

  it('because a file could not be written is completed once it can', async () => {
    writeFileSync(join(folder, 'a-file'), '');
    await expect(run({ adminTokenFile: join(folder, 'a-file', 'admin-token') })).rejects.toThrow('ENOTDIR');
    await run();
    expect(await isTokenUsable(read(adminTokenFile))).toBe(true);
    expect((await all(ServiceTokenEntity)).filter(({ revokedAt }) => revokedAt === null)).toHaveLength(1);
  });

  it('leaves no half a file: what is there is whole, and closed to others again', async () => {
    await run();
    chmodSync(adminTokenFile, 0o644);
    writeFileSync(virtualKeyFile, 'sk-sb-half');
    await run();
    expect(statSync(adminTokenFile).mode & 0o777).toBe(0o600);
    expect(await isKeyLive(read(virtualKeyFile))).toBe(true);
  });
});

describe('what an operator did', () => {
  it('stays: a deleted model, a revoked token, a deleted organization', async () => {
    await run({ providerKeys: [openai] });
    await database.transactions.run('platform', async (manager) => {
      await manager.query('DELETE FROM models');
      await manager.query('UPDATE service_tokens SET revoked_at = now()');
      await manager.query('UPDATE organizations SET deleted_at = now()');
    });
    const token = read(adminTokenFile);
    const lines = await run({ providerKeys: [openai] });
    expect(await all(ModelEntity)).toEqual([]);
    expect(await all(OrganizationEntity)).toHaveLength(1);
    expect(read(adminTokenFile)).toBe(token);
    expect(lines.join('\n')).toContain('has ended; delete the file');
  });

  it('is not applied along with a key that is new in the environment', async () => {
    await run();
    const setStatus = (status: string) =>
      database.transactions.run('platform', (manager) =>
        manager.query('UPDATE config_releases SET status = $1, activated_at = now()', [status]),
      );
    await setStatus('active');
    await database.transactions.run('platform', (manager) =>
      manager.query(`UPDATE models SET name = 'renamed-not-applied' WHERE name = 'demo'`),
    );
    const lines = await run({ providerKeys: [openai] });
    expect(await all(CredentialEntity)).toHaveLength(1);
    expect(await all(ConfigReleaseEntity)).toHaveLength(1);
    expect(lines.join('\n')).toContain('not applied');
  });

  it('left nothing open: then a new key of the environment is applied at once', async () => {
    await run();
    await database.transactions.run('platform', (manager) =>
      manager.query(`UPDATE config_releases SET status = 'active', activated_at = now()`),
    );
    await run({ providerKeys: [openai] });
    expect((await all(ConfigReleaseEntity)).map(({ number }) => number)).toEqual([1, 2]);
    expect(await run({ providerKeys: [openai] })).toEqual(['config release 2 is being applied already']);
  });
});
