import { CredentialEntity } from '@signalbox/database';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMaintenance, openSealedStore, operator } from '../../../../test/support/maintenance-world';
import { openTestDatabase, type TestDatabase } from '../../../../test/support/test-database';
import { runImportFernet } from './import-fernet.command';
import { runMoveSecrets } from './move-secrets.command';
import { runReencryptSecrets } from './reencrypt-secrets.command';

jest.setTimeout(30_000);

const [oldKey, newKey] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const rings = {
  old: `k1:${oldKey.toString('base64url')}`,
  both: `k2:${newKey.toString('base64url')},k1:${oldKey.toString('base64url')}`,
};
const before = { ...process.env };
let database: TestDatabase;
let folder: string;

beforeEach(async () => {
  database = await openTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'signalbox-maintenance-'));
  Object.assign(process.env, {
    APP_DATABASE_URL: database.appUrl,
    SIGNALBOX_ENCRYPTION_KEYS: rings.both,
    SIGNALBOX_FINGERPRINT_KEY: 'fingerprint-key-of-tests',
    LOG_LEVEL: 'silent',
  });
});
afterEach(async () => {
  process.env = { ...before };
  rmSync(folder, { recursive: true });
  await database.close();
});

async function seed(count: number): Promise<void> {
  const store = openSealedStore(database, [{ kid: 'k1', key: oldKey }]);
  for (let index = 0; index < count; index += 1) {
    await store.write({ organizationId: null, area: 'credentials', name: `OPENAI__${index}` }, `sk-${index}`);
  }
}

type Command = (print: (line: string) => void, args: string[]) => Promise<number>;
async function run(command: Command, ...args: string[]): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  return { code: await command((line) => lines.push(line), args), lines };
}

describe('reencrypt-secrets', () => {
  it('ends with 0 when all is sealed anew', async () => {
    await seed(3);
    expect((await run(runReencryptSecrets, '--dry-run')).lines.at(-1)).toMatch(
      /^done: 3 of 3: 3 done, 0 skipped, 0 failed \(dry run: nothing was changed\) \[run_/,
    );
    expect(await run(runReencryptSecrets)).toMatchObject({ code: 0 });
    expect((await run(runReencryptSecrets)).lines.at(-1)).toMatch(/^done: 0 of 0/);
  });

  it('ends with 1 and names what could not be opened', async () => {
    await seed(2);
    process.env['SIGNALBOX_ENCRYPTION_KEYS'] = `k2:${newKey.toString('base64url')}`;
    const { code, lines } = await run(runReencryptSecrets);
    expect(code).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(/OPENAI__0: .*"k1", which is not in the ring/),
      expect.stringMatching(/OPENAI__1: /),
      expect.stringMatching(/^failed: 2 of 2: 0 done, 0 skipped, 2 failed/),
    ]);
  });

  it('goes on with a run that was left, and not with one of other settings', async () => {
    await seed(2);
    const ring = [{ kid: 'k2', key: newKey }];
    const left = await openMaintenance(database, ring).service.start(operator, {
      kind: 'reencrypt_secrets',
      dryRun: false,
    });
    await expect(run(runReencryptSecrets, '--dry-run')).rejects.toMatchObject({
      code: 'maintenance_run_in_progress',
    });
    const { code, lines } = await run(runReencryptSecrets);
    expect([code, lines[0]]).toEqual([0, `Going on with ${left.id}.`]);
  });
});

describe('move-secrets', () => {
  it('says which store it takes, and that the other one is not configured', async () => {
    await expect(run(runMoveSecrets)).rejects.toThrow('--to infisical|sealed');
    await expect(run(runMoveSecrets, '--to', 'infisical')).rejects.toMatchObject({
      code: 'secret_store_unavailable',
    });
    expect((await run(runMoveSecrets, '--to', 'sealed')).lines.at(-1)).toMatch(/^done: 0 of 0/);
  });
});

describe('import-fernet', () => {
  const key = 'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=';
  const token =
    'gAAAAABrAYy7ynQA7JSwjcfGss4UKC7k-yOhhWc7PagQklS2-1ByamVC-eKHOFbWfVwFpLOhSELq2F58IA35XkzrPRY0PI4sPiYt58IkTUaG1_dZeL0R3I8=';

  function file(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  it('imports, tells of lines that it cannot, and says nothing of the keys', async () => {
    const record = { organization_id: null, provider: 'openai', token };
    const tokens = file('vault.jsonl', `${JSON.stringify(record)}\nbroken\n`);
    const keys = file('keys', `# the vault's\n${key}\n`);
    const { code, lines } = await run(runImportFernet, tokens, '--keys-file', keys);
    expect(code).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(/line 2: Not a record/),
      expect.stringMatching(/^failed: 2 of 2: 1 done, 0 skipped, 1 failed/),
    ]);
    const made = await database.transactions.run('platform', (manager) => manager.find(CredentialEntity));
    expect(made.map(({ state, last4 }) => [state, last4])).toEqual([['pending', '0001']]);
    expect((await run(runImportFernet, tokens, '--keys-file', keys)).lines.at(-1)).toMatch(
      /0 done, 1 skipped/,
    );
  });

  it('takes no keys that others can read, and nothing that is no key', async () => {
    const tokens = file('vault.jsonl', '');
    const open = file('keys', key);
    chmodSync(open, 0o644);
    await expect(run(runImportFernet, tokens, '--keys-file', open)).rejects.toThrow(
      /--keys-file: .*chmod 600/,
    );
    const wrong = file('wrong', 'hush');
    await expect(run(runImportFernet, tokens, '--keys-file', wrong)).rejects.toThrow(/must hold Fernet keys/);
    await expect(run(runImportFernet, tokens)).rejects.toThrow('--keys-file FILE');
  });
});
