import { createLogger, newId } from '@signalbox/common';
import {
  AuditEventEntity,
  CredentialEntity,
  CredentialVersionEntity,
  OrganizationEntity,
  ProviderEntity,
  VirtualKeyEntity,
  VirtualKeySecretEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import { CredentialVersions, ownerKeyOf } from '@signalbox/domain/credentials';
import { hashVirtualKeyValue } from '@signalbox/gateway';
import { type ApiApp, openApiApp, type TestResponse } from './api-app';

export interface Lease {
  credential_id: string;
  owner_key: string;
  fingerprint: string;
  secret: string | null;
  environment_variable?: string;
  base_url: string | null;
  base_url_is_trusted: boolean;
  fresh_for_ms: number;
  usable_for_ms: number;
}

export interface BrokerFailure {
  code: string;
  message: string;
}

export const home = {
  organization: newId('organization'),
  workspace: newId('workspace'),
  sibling: newId('workspace'),
};
export const foreign = { organization: newId('organization'), workspace: newId('workspace') };

/** The API with two organizations, a provider, and a virtual key of the workspace that is at home. */
export class BrokerBench {
  /** Of that key. */
  keyHash = '';
  private readonly providerId = newId('provider');

  private constructor(
    readonly api: ApiApp,
    readonly logLines: readonly string[],
  ) {}

  static async open(): Promise<BrokerBench> {
    const logLines: string[] = [];
    const logger = createLogger('debug', {}, (line) => logLines.push(line));
    const bench = new BrokerBench(await openApiApp({ logger }), logLines);
    await bench.addOwners();
    bench.keyHash = (await bench.addKey()).hash;
    return bench;
  }

  private async addOwners(): Promise<void> {
    await this.api.database.transactions.run('platform', async (manager) => {
      await manager.insert(ProviderEntity, { id: this.providerId, name: 'openai', kind: 'openai' });
      for (const { organization, ...workspaces } of [home, foreign]) {
        await manager.insert(OrganizationEntity, { id: organization, name: organization });
        for (const id of Object.values(workspaces)) {
          await manager.insert(WorkspaceEntity, { id, organizationId: organization, name: id });
        }
      }
    });
  }

  async addKey(
    change: Partial<VirtualKeyEntity> = {},
    secret: Partial<VirtualKeySecretEntity> = {},
  ): Promise<{ id: string; hash: string }> {
    const id = newId('virtualKey');
    const hash = hashVirtualKeyValue(`sk-sb-${id}`);
    const organizationId = change.organizationId ?? home.organization;
    await this.api.database.transactions.run('platform', async (manager) => {
      await manager.insert(VirtualKeyEntity, {
        id,
        organizationId,
        workspaceId: home.workspace,
        userId: 'ada',
        createdBy: 'test',
        ...change,
      } as object);
      await manager.insert(VirtualKeySecretEntity, {
        id: newId('virtualKeySecret'),
        organizationId,
        virtualKeyId: id,
        keyHash: hash,
        keyName: 'sk-...0000',
        ...secret,
      } as object);
    });
    return { id, hash };
  }

  /** One enabled credential of the owner, whatever was there before. */
  async addCredential(
    change: Partial<CredentialEntity> = {},
    secret: string | null = 'sk-of-the-test-0123456789',
  ): Promise<CredentialEntity> {
    const owner = {
      ownerType: change.ownerType ?? 'workspace',
      organizationId: change.organizationId === undefined ? home.organization : change.organizationId,
      workspaceId: change.workspaceId === undefined ? home.workspace : change.workspaceId,
      userId: change.userId ?? null,
    };
    const id = newId('credential');
    const version =
      secret === null
        ? null
        : await this.api
            .get(CredentialVersions)
            .prepare({ id, organizationId: owner.organizationId, kind: 'openai' }, 1, secret);
    const credential = Object.assign(new CredentialEntity(), {
      id,
      providerId: this.providerId,
      ownerKey: ownerKeyOf(owner),
      purpose: 'inference',
      state: 'verified',
      fingerprint: version?.fingerprint ?? 'ab',
      last4: '6789',
      reference: null,
      currentVersionId: version?.id ?? null,
      createdBy: 'test',
      ...owner,
      ...change,
    });
    await this.api.database.transactions.run('platform', async (manager) => {
      await manager.update(
        CredentialEntity,
        { ownerKey: credential.ownerKey },
        { enabled: false, state: 'disabled' },
      );
      await manager.insert(CredentialEntity, credential as object);
      if (version) await manager.insert(CredentialVersionEntity, { ...version, status: 'current' } as object);
    });
    return credential;
  }

  async change(entity: new () => object, id: string, columns: object): Promise<void> {
    await this.api.database.transactions.run('platform', (manager) =>
      manager.update(entity, { id }, columns),
    );
  }

  ask(
    body: unknown,
    token: string | null = this.api.config.brokerToken,
  ): Promise<TestResponse<Lease & BrokerFailure>> {
    return this.api.call<Lease & BrokerFailure>('POST', `${this.api.brokerUrl}/v1/leases`, {
      body,
      ...(token === null ? {} : { token }),
    });
  }

  lease(credentialId: string, hash = this.keyHash): Promise<TestResponse<Lease & BrokerFailure>> {
    return this.ask({ credential_id: credentialId, key_hash: hash });
  }

  /** That it was handed out. */
  usesOf(credentialId: string): Promise<AuditEventEntity[]> {
    return this.api.database.transactions.run('platform', (manager) =>
      manager.findBy(AuditEventEntity, { targetId: credentialId, action: 'byok_key_accessed' }),
    );
  }

  /** Also holds that the log gives nothing away. */
  async close(): Promise<void> {
    await this.api.close();
    const log = this.logLines.join('\n');
    expect(log).not.toContain('sk-of-the-test');
    expect(log).not.toContain(this.keyHash);
  }
}
