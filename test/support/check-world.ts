import { randomBytes } from 'node:crypto';
import { ManualClock, newId } from '@signalbox/common';
import {
  CredentialEntity,
  CredentialVersionEntity,
  OrganizationEntity,
  ProviderEntity,
  WebhookEntity,
} from '@signalbox/database';
import { CredentialVersions, makeCurrent } from '@signalbox/domain/credentials';
import type { DialectName } from '../stand-ins/provider-validation.answers';
import { ProviderValidationStandIn } from '../stand-ins/provider-validation.stand-in';
import { type ApiApp, openApiApp } from './api-app';

export interface NewKey {
  kind?: DialectName;
  organizationId?: string | null;
  /** Whatever else the row shall say. */
  row?: Partial<CredentialEntity>;
}

export interface AuditedChange {
  action: string;
  changes: Record<string, unknown>;
}

/** Keys in the sealed store, providers that lead to the stand-in, and a clock that stands until it is moved. */
export interface CheckWorld {
  api: ApiApp;
  provider: ProviderValidationStandIn;
  clock: ManualClock;
  /** With a webhook that wants to know everything. */
  addOrganization(): Promise<string>;
  /** As after a save: pending, and due. @returns its id */
  addKey(secret: string, options?: NewKey): Promise<string>;
  credential(id: string): Promise<CredentialEntity>;
  change(id: string, row: Partial<CredentialEntity>): Promise<void>;
  /** What the owner was told, in that order. */
  eventsOf(credentialId: string): Promise<string[]>;
  auditOf(credentialId: string): Promise<AuditedChange[]>;
  /** Nothing of the test before is due, and its requests count no longer. */
  startAfresh(): Promise<void>;
  close(): Promise<void>;
}

export function newSecret(): string {
  return `sk-test-${randomBytes(16).toString('hex')}`;
}

export async function openCheckWorld(): Promise<CheckWorld> {
  const provider = await ProviderValidationStandIn.start();
  const clock = new ManualClock();
  const api = await openApiApp({ clock });
  const { transactions } = api.database;
  const providerIds = new Map<string, string>();

  async function providerId(kind: DialectName): Promise<string> {
    const known = providerIds.get(kind);
    if (known) return known;
    const id = newId('provider');
    await transactions.run('platform', (manager) =>
      manager.insert(ProviderEntity, { id, name: kind, kind, baseUrl: provider.baseUrl(kind) }),
    );
    providerIds.set(kind, id);
    return id;
  }

  async function addKey(secret: string, options: NewKey = {}): Promise<string> {
    const { kind = 'openai', organizationId = null, row = {} } = options;
    const ownerType = organizationId === null ? 'platform' : 'organization';
    const credential = Object.assign(new CredentialEntity(), {
      id: newId('credential'),
      version: 1,
      organizationId,
      providerId: await providerId(kind),
      ownerType,
      ownerKey: organizationId ?? 'platform',
      purpose: 'inference',
      source: 'api',
      enabled: true,
      state: 'pending',
      stateSince: clock.now(),
      expiresAt: null,
      nextCheckAt: clock.now(),
      ...row,
    });
    const version = await api.get(CredentialVersions).prepare({ ...credential, kind }, 1, secret);
    makeCurrent(credential, version, clock.now());
    await transactions.run('platform', async (manager) => {
      await manager.insert(CredentialEntity, credential as object);
      await manager.insert(CredentialVersionEntity, version as object);
    });
    return credential.id;
  }

  return {
    api,
    provider,
    clock,
    addKey,
    addOrganization: async () => {
      const id = newId('organization');
      await transactions.run('platform', async (manager) => {
        await manager.insert(OrganizationEntity, { id, name: id });
        await manager.insert(WebhookEntity, {
          id: newId('webhook'),
          organizationId: id,
          url: 'http://127.0.0.1:9/',
          sealedSecret: 'sealed',
          createdBy: 'test',
        });
      });
      return id;
    },
    credential: (id) =>
      transactions.run('platform', (manager) => manager.findOneByOrFail(CredentialEntity, { id })),
    change: async (id, row) => {
      await transactions.run('platform', (manager) =>
        manager.update(CredentialEntity, { id }, row as object),
      );
    },
    eventsOf: async (credentialId) => {
      const rows = await transactions.run('platform', (manager) =>
        manager.query<{ event_type: string }[]>(
          `SELECT event_type FROM webhook_deliveries WHERE payload::text LIKE $1 ORDER BY created_at, id`,
          [`%${credentialId}%`],
        ),
      );
      return rows.map(({ event_type }) => event_type);
    },
    auditOf: (credentialId) =>
      transactions.run('platform', (manager) =>
        manager.query<AuditedChange[]>(
          'SELECT action, changes FROM audit_events WHERE target_id = $1 ORDER BY sequence',
          [credentialId],
        ),
      ),
    startAfresh: async () => {
      provider.reset();
      clock.advanceMs(60_000);
      await transactions.run('platform', (manager) =>
        manager.query('UPDATE credentials SET next_check_at = NULL, expires_at = NULL'),
      );
    },
    close: async () => {
      await api.close();
      await provider.close();
    },
  };
}
