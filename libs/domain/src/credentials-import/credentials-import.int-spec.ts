import { createLogger, newId } from '@signalbox/common';
import {
  type CredentialEntity,
  CredentialEntity as Credential,
  CredentialVersionEntity,
} from '@signalbox/database';
import { systemCaller } from '@signalbox/domain/access';
import { CredentialService, CredentialVersions } from '@signalbox/domain/credentials';
import { OrganizationService } from '@signalbox/domain/organizations';
import { WorkspaceService } from '@signalbox/domain/workspaces';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import { canary, InfisicalWorld } from '../../../../test/support/infisical-world';
import { CredentialImportService } from './credential-import.service';

const caller = systemCaller('test');
const newValue = 'sk-canary-0d1e2f3a4b5c';

describe('keys that people keep in Infisical by hand', () => {
  let world: InfisicalWorld;
  let app: ApiApp;
  let imports: CredentialImportService;
  let organizationId: string;
  const logLines: string[] = [];

  beforeAll(async () => {
    world = await InfisicalWorld.start();
    app = await openApiApp({
      clock: world.clock,
      logger: createLogger('warn', {}, (line) => logLines.push(line)),
      config: { secretStore: { active: 'infisical', infisical: world.server.config, maxStaleMs: 60_000 } },
    });
    imports = app.get<CredentialImportService>(CredentialImportService);
  });

  afterAll(async () => {
    await app?.close();
    await world?.close();
  });

  beforeEach(async () => {
    logLines.length = 0;
    organizationId = (
      await app.get<OrganizationService>(OrganizationService).create(caller, { name: newId('organization') })
    ).id;
  });

  afterEach(() => {
    expect(logLines.join('')).not.toMatch(/sk-canary|sk-\[redacted\]/);
    world.server.clearFaults();
    world.server.removeFolder('/signalbox');
    imports.hintChanged();
  });

  const folder = (owner = `organizations/${organizationId}`): string => `/signalbox/${owner}/manual`;
  const given = (name: string, value = canary, owner?: string): void =>
    world.server.put(folder(owner), name, value);
  const pull = () => imports.pull(new AbortController().signal);
  const newWorkspace = async (owner = organizationId): Promise<string> =>
    (
      await app
        .get<WorkspaceService>(WorkspaceService)
        .create(caller, { organizationId: owner, name: newId('workspace') })
    ).id;
  const all = (): Promise<CredentialEntity[]> =>
    app.database.transactions.run('platform', (manager) =>
      manager.find(Credential, { where: { organizationId }, order: { id: 'ASC' } }),
    );
  const versionsOf = ({ id }: CredentialEntity): Promise<CredentialVersionEntity[]> =>
    app.database.transactions.run('platform', (manager) =>
      manager.find(CredentialVersionEntity, { where: { credentialId: id }, order: { number: 'ASC' } }),
    );
  const only = async (): Promise<CredentialEntity> => {
    const credentials = await all();
    expect(credentials).toHaveLength(1);
    return credentials[0]!;
  };

  test('are listed like any other, wait for their check, and stay where they are', async () => {
    given('OPENAI');
    expect(await pull()).toEqual({ added: 1, changed: 0, disabled: 0 });
    const token = await app.createToken({ organizationId, scopes: ['credentials:read'] });
    const answer = await app.call<{ data: object[] }>('GET', '/api/v1/credentials', { token });
    expect(answer.body.data).toEqual([
      expect.objectContaining({
        source: 'store',
        owner_type: 'organization',
        state: 'pending',
        last4: '1e5b',
      }),
    ]);
    const credential = await only();
    expect(credential.nextCheckAt).toEqual(world.clock.now());
    const [version] = await versionsOf(credential);
    expect(version).toMatchObject({
      secretName: 'manual/OPENAI',
      secretStore: 'infisical',
      status: 'current',
    });
    expect(await app.get<CredentialVersions>(CredentialVersions).readSecret(version!)).toBe(canary);
    expect(world.server.hasFolder(`/signalbox/organizations/${organizationId}/credentials`)).toBe(false);
  });

  test('may be a workspace’s, or the platform’s', async () => {
    const workspaceId = await newWorkspace();
    given(`ANTHROPIC__${workspaceId.slice(3).toUpperCase()}`);
    given('GROQ', canary, 'platform');
    expect(await pull()).toMatchObject({ added: 2 });
    expect(await only()).toMatchObject({ ownerType: 'workspace', workspaceId, ownerKey: workspaceId });
    const platform = await app.database.transactions.run('platform', (manager) =>
      manager.findBy(Credential, { ownerKey: 'platform', source: 'store' }),
    );
    expect(platform).toHaveLength(1);
  });

  test('are taken in once, also by two workers in the same moment', async () => {
    given('OPENAI');
    await Promise.all([pull(), pull()]);
    expect(await pull()).toEqual({ added: 0, changed: 0, disabled: 0 });
    await only();
  });

  test('with a new value become a new version of the same credential', async () => {
    given('OPENAI');
    await pull();
    const before = await only();
    given('OPENAI', newValue);
    expect(await pull()).toMatchObject({ added: 0, changed: 1 });
    const after = await only();
    expect(after.id).toBe(before.id);
    expect(after.version).toBe(before.version + 1);
    expect(after).toMatchObject({ last4: '4b5c', state: 'pending' });
    const [first, second] = await versionsOf(after);
    expect(first).toMatchObject({ status: 'retired', erasedAt: expect.any(Date) as Date });
    expect(second).toMatchObject({ id: after.currentVersionId, status: 'current', number: 2 });
    expect(await pull()).toMatchObject({ changed: 0 });
  });

  test('are disabled when two listings in a row lack them, and enabled again when they are back', async () => {
    given('OPENAI');
    given('GROQ');
    await pull();
    world.server.remove(folder(), 'OPENAI');
    expect(await pull()).toMatchObject({ disabled: 0 });
    expect(await pull()).toMatchObject({ disabled: 0 });
    world.clock.advanceMs(60_000);
    expect(await pull()).toMatchObject({ disabled: 1 });
    expect((await all()).map(({ state, stateReason }) => [state, stateReason]).sort()).toEqual([
      ['disabled', 'secret_removed'],
      ['pending', null],
    ]);
    given('OPENAI');
    expect(await pull()).toMatchObject({ added: 0, changed: 1 });
    expect((await all()).every(({ enabled }) => enabled)).toBe(true);
  });

  test('are not lost by a listing that says nothing: no folder, no answer, no permission', async () => {
    given('OPENAI');
    await pull();
    const rounds = [
      () => world.server.removeFolder(folder()),
      () => world.server.setFault({ kind: 'html', status: 502 }, ['list', 'folder_list']),
      () => world.server.setFault({ kind: 'status', status: 403 }, ['list']),
    ];
    for (const breakIt of rounds) {
      given('OPENAI');
      breakIt();
      for (let round = 0; round < 3; round += 1) {
        expect(await pull()).toMatchObject({ disabled: 0 });
        world.clock.advanceMs(60_000);
      }
      world.server.clearFaults();
    }
    expect(await only()).toMatchObject({ enabled: true });
  });

  test('are disabled as long as the owner has another one for the provider', async () => {
    const service = app.get<CredentialService>(CredentialService);
    const saved = await service.create(caller, { provider: 'openai', apiKey: newValue, organizationId });
    given('OPENAI');
    expect(await pull()).toMatchObject({ added: 1 });
    const imported = (await all()).find(({ source }) => source === 'store');
    expect(imported).toMatchObject({ state: 'disabled', stateReason: 'duplicate' });
    expect(await pull()).toMatchObject({ changed: 0 });
    await service.delete(caller, saved.id);
    expect(await pull()).toMatchObject({ changed: 1 });
    expect((await all()).find(({ source }) => source === 'store')).toMatchObject({ state: 'pending' });
  });

  test('stay disabled when a person disabled them, whatever becomes of the value', async () => {
    given('OPENAI');
    await pull();
    await app.get<CredentialService>(CredentialService).disable(caller, (await only()).id);
    await pull();
    given('OPENAI', newValue);
    await pull();
    expect(await only()).toMatchObject({ state: 'disabled', last4: '4b5c' });
  });

  test('stay in Infisical when the credential is deleted, and do not come back but with another value', async () => {
    given('OPENAI');
    await pull();
    const deleted = await only();
    await app.get<CredentialService>(CredentialService).delete(caller, deleted.id);
    expect(world.server.get(folder(), 'OPENAI')).toBe(canary);
    expect(await pull()).toEqual({ added: 0, changed: 0, disabled: 0 });
    given('OPENAI', newValue);
    expect(await pull()).toMatchObject({ added: 1 });
    const [first, second] = await all();
    expect(first).toMatchObject({ id: deleted.id, deletedAt: expect.any(Date) as Date });
    expect(second).toMatchObject({ enabled: true, deletedAt: null });
  });

  test('of an unknown name, owner or form are left alone and logged once; the others are taken in', async () => {
    const foreignOrganization = await app
      .get<OrganizationService>(OrganizationService)
      .create(caller, { name: newId('organization') });
    const foreign = (await newWorkspace(foreignOrganization.id)).slice(3).toUpperCase();
    given('NOT_A_PROVIDER');
    given(`OPENAI__${foreign}`);
    given(`OPENAI__${newId('workspace').slice(3).toUpperCase()}`);
    given('MISTRAL', `sk-canary\${OPENAI}`);
    given('COHERE', 'sk-canary with spaces');
    given('OPENAI_COMPATIBLE');
    given('GROQ');
    given('OPENAI', canary, `organizations/${newId('organization')}`);
    given('OPENAI', canary, 'organizations/somebody-elses');
    expect(await pull()).toMatchObject({ added: 1 });
    await only();
    expect(logLines).toHaveLength(7);
    await pull();
    expect(logLines).toHaveLength(7);
  });

  test('in a folder that was just made are found at once after a notice, else within ten minutes', async () => {
    world.server.makeFolder(`/signalbox/organizations/${organizationId}/credentials`);
    await pull();
    given('OPENAI');
    expect(await pull()).toMatchObject({ added: 0 });
    imports.hintChanged();
    expect(await pull()).toMatchObject({ added: 1 });
    world.server.removeFolder(folder());
    await pull();
    given('GROQ');
    expect(await pull()).toMatchObject({ added: 0 });
    world.clock.advanceMs(720_000);
    expect(await pull()).toMatchObject({ added: 1 });
  });
});
