import { CredentialEntity, CredentialVersionEntity, MaintenanceRunEntity } from '@signalbox/database';
import { systemCaller } from '@signalbox/domain/access';
import { CredentialVersions } from '@signalbox/domain/credentials';
import {
  ImportFernetService,
  MaintenanceService,
  parseFernetKey,
  parseImportFile,
} from '@signalbox/domain/maintenance';
import { OrganizationService } from '@signalbox/domain/organizations';
import { SecretStores } from '@signalbox/domain/secrets';
import { WorkspaceService } from '@signalbox/domain/workspaces';
import { SecretStoreError } from '@signalbox/secrets';
import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { type ApiApp, openApiApp } from '../../../../../test/support/api-app';
import type { FernetKey } from './fernet';

jest.setTimeout(30_000);

const operator = systemCaller('import-fernet');
const keys = [randomBytes(32), randomBytes(32)].map(
  (bytes) => parseFernetKey(bytes.toString('base64url')) as FernetKey,
);
const never = new AbortController().signal;

let api: ApiApp;
let organizationId: string;
let workspaceId: string;

beforeAll(async () => {
  api = await openApiApp();
});
afterAll(() => api.close());
beforeEach(async () => {
  ({ id: organizationId } = await api.get(OrganizationService).create(operator, { name: 'acme' }));
  ({ id: workspaceId } = await api.get(WorkspaceService).create(operator, { organizationId, name: 'main' }));
});
afterEach(() => jest.restoreAllMocks());

/** As the specification says; the keys' own halves. */
function tokenOf(value: string, key = keys[0] as FernetKey): string {
  const vector = randomBytes(16);
  const cipher = createCipheriv('aes-128-cbc', key.encryption, vector);
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(1_600_000_000n);
  const body = Buffer.concat([
    Buffer.from([0x80]),
    time,
    vector,
    cipher.update(value, 'utf8'),
    cipher.final(),
  ]);
  return Buffer.concat([body, createHmac('sha256', key.signing).update(body).digest()]).toString('base64url');
}

const line = (fields: object): string =>
  JSON.stringify({ organization_id: organizationId, provider: 'openai', ...fields });

async function run(lines: string[], dryRun = false): Promise<MaintenanceRunEntity> {
  const input = { source: 'vault.jsonl', lines: parseImportFile(lines.join('\n')), keys, dryRun };
  return api.get(ImportFernetService).run(operator, input, never, () => undefined);
}

const credentials = (): Promise<CredentialEntity[]> =>
  api.database.transactions.run('platform', (manager) =>
    manager.find(CredentialEntity, { where: { organizationId }, order: { id: 'ASC' } }),
  );

async function secretOf(credential: CredentialEntity | undefined): Promise<string> {
  const version = await api.database.transactions.run('platform', (manager) =>
    manager.findOneByOrFail(CredentialVersionEntity, { id: credential?.currentVersionId ?? '' }),
  );
  return api.get(CredentialVersions).readSecret(version);
}

it('makes a credential of each token, with any of the keys, for each kind of owner, to be checked like others', async () => {
  const ended = await run([
    line({ token: tokenOf('sk-organization-0001') }),
    line({ token: tokenOf('sk-workspace-0001', keys[1]), workspace_id: workspaceId, name: 'from the vault' }),
    line({ token: tokenOf('sk-member-0001'), user_id: 'ada', provider: 'anthropic' }),
  ]);
  expect(ended).toMatchObject({
    status: 'done',
    total: 3,
    done: 3,
    failed: 0,
    parameters: { source: 'vault.jsonl' },
  });
  const made = await credentials();
  expect(made.map(({ ownerKey, state, name }) => [ownerKey, state, name])).toEqual([
    [organizationId, 'pending', null],
    [workspaceId, 'pending', 'from the vault'],
    [`${organizationId}/ada`, 'pending', null],
  ]);
  expect(await Promise.all(made.map(secretOf))).toEqual([
    'sk-organization-0001',
    'sk-workspace-0001',
    'sk-member-0001',
  ]);
});

it('can be repeated: what the owner has already is skipped', async () => {
  const lines = [
    line({ token: tokenOf('sk-again-0001') }),
    line({ token: tokenOf('sk-again-0002'), user_id: 'ada' }),
  ];
  await run(lines.slice(0, 1));
  expect(await run(lines)).toMatchObject({ status: 'done', done: 1, skipped: 1 });
  expect(await run(lines)).toMatchObject({ status: 'done', done: 0, skipped: 2 });
  expect(await credentials()).toHaveLength(2);
});

it('reports each line that cannot be imported, without a word of its key, and imports the others', async () => {
  const foreign = parseFernetKey(randomBytes(32).toString('base64url')) as FernetKey;
  const lines = [
    'no record',
    line({ token: tokenOf('sk-canary-0001', foreign) }),
    line({ token: tokenOf('sk-canary with space') }),
    line({ token: tokenOf('sk-canary-0003'), provider: 'nobody' }),
    line({ token: tokenOf('sk-canary-0004'), workspace_id: 'ws_01m7ykrzh0earb9nt9fe65dsgn' }),
    line({ token: tokenOf('sk-fine-0001') }),
    line({ token: tokenOf('sk-canary-0005') }),
  ];
  const looked = await run(lines, true);
  expect(await credentials()).toEqual([]);
  const ended = await run(lines);
  expect(ended).toMatchObject({ status: 'failed', total: 7, done: 1, failed: 6 });
  expect(ended.problems.map(({ name }) => name)).toEqual(
    [1, 2, 3, 4, 5, 7].map((number) => `line ${number}`),
  );
  expect(JSON.stringify(ended.problems)).not.toContain('canary');
  // A second key of one owner is only seen once the first one is there.
  expect(looked.problems.map(({ name }) => name)).toEqual([1, 2, 3, 4, 5].map((number) => `line ${number}`));
});

it('ends when the secret store is away, and is repeated then', async () => {
  const lines = [
    line({ token: tokenOf('sk-later-0001') }),
    line({ token: tokenOf('sk-later-0002'), user_id: 'ada' }),
  ];
  const { active } = api.get(SecretStores);
  const write = jest.spyOn(active, 'write').mockRejectedValue(new SecretStoreError('unavailable', 'Away.'));
  await expect(run(lines)).rejects.toMatchObject({ code: 'secret_store_unavailable' });
  expect(await credentials()).toEqual([]);
  expect(await api.get(MaintenanceService).running(operator, 'import_fernet')).toBeNull();
  write.mockRestore();
  expect(await run(lines)).toMatchObject({ status: 'done', done: 2 });
});

it('takes the place of an import whose process was killed', async () => {
  const abandoned = await api
    .get(MaintenanceService)
    .insert(operator, { kind: 'import_fernet', dryRun: false, parameters: {} }, async () => 5);
  expect(await run([line({ token: tokenOf('sk-new-0001') })])).toMatchObject({ status: 'done', done: 1 });
  expect((await api.get(MaintenanceService).get(operator, abandoned.id)).status).toBe('cancelled');
});
