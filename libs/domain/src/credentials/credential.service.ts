import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, decodeIdCursor, newId, type Page, toPage } from '@signalbox/common';
import { CredentialEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, requirePlatform, requireScope } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK } from '@signalbox/domain/core';
import { kindOfEnvironmentVariable, ProviderService } from '@signalbox/domain/providers';
import type { EntityManager } from 'typeorm';
import { type CredentialFilter, CredentialRepository } from './credential.repository';

/** A provider key in the runner's environment, by name and marks; never the key. */
export interface EnvironmentKey {
  name: string;
  fingerprint: string;
  last4: string;
}

export interface EnvironmentSync {
  added: string[];
  changed: string[];
  disabled: string[];
  /** Variables that no kind of provider names. */
  ignored: string[];
}

const referenceOf = (variable: string): string => `env:${variable}`;

@Injectable()
export class CredentialService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly credentials: CredentialRepository,
    private readonly providers: ProviderService,
    private readonly audit: AuditTrail,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async list(
    caller: Caller,
    filter: CredentialFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<CredentialEntity>> {
    this.requireReader(caller);
    const after = decodeIdCursor('credential', cursor);
    const rows = await this.transactions.run('platform', (manager) =>
      this.credentials.list(manager, filter, limit + 1, after),
    );
    return toPage(
      rows,
      limit,
      (row) => row.id,
      (row) => row,
    );
  }

  async get(caller: Caller, id: string): Promise<CredentialEntity> {
    this.requireReader(caller);
    const credential = await this.transactions.run('platform', (manager) =>
      this.credentials.find(manager, id),
    );
    if (credential) return credential;
    throw new AppError(
      'credential_not_found',
      'Check the id: GET /api/v1/credentials lists all credentials.',
    );
  }

  /**
   * Makes the rows say what the environment says: new variables become credentials of their vendor's provider, which
   * is made when there is none; a changed key changes the marks; a vanished one is disabled, since deployments may
   * still name it. Does nothing when called again.
   */
  async syncEnvironment(caller: Caller, keys: readonly EnvironmentKey[]): Promise<EnvironmentSync> {
    requireScope(caller, 'models:write');
    requirePlatform(caller);
    return this.transactions.run('platform', async (manager) => {
      const known = await this.credentials.listEnvironmentForUpdate(manager);
      const result: EnvironmentSync = { added: [], changed: [], disabled: [], ignored: [] };
      for (const key of keys) {
        const credential = known.find(({ reference }) => reference === referenceOf(key.name));
        if (credential) await this.refresh(manager, caller, credential, key, result);
        else await this.add(manager, caller, key, result);
      }
      const present = new Set(keys.map(({ name }) => referenceOf(name)));
      for (const credential of known) {
        if (credential.enabled && !present.has(credential.reference ?? '')) {
          await this.disable(manager, caller, credential, result);
        }
      }
      return result;
    });
  }

  private requireReader(caller: Caller): void {
    requireScope(caller, 'models:read');
    requirePlatform(caller);
  }

  private async add(
    manager: EntityManager,
    caller: Caller,
    key: EnvironmentKey,
    result: EnvironmentSync,
  ): Promise<void> {
    const kind = kindOfEnvironmentVariable(key.name);
    if (kind === null) {
      result.ignored.push(key.name);
      return;
    }
    const provider = await this.providers.findOrCreateVendorOwn(manager, caller, kind);
    const credential = Object.assign(new CredentialEntity(), {
      id: newId('credential', this.clock.nowMs()),
      version: 1,
      organizationId: null,
      providerId: provider.id,
      ownerType: 'platform',
      ownerKey: 'platform',
      source: 'env',
      state: 'unverified',
      reference: referenceOf(key.name),
      fingerprint: key.fingerprint,
      last4: key.last4,
      enabled: true,
      createdAt: this.clock.now(),
      updatedAt: this.clock.now(),
    });
    await this.credentials.insert(manager, credential);
    await this.record(manager, caller, 'credential.created', credential);
    result.added.push(key.name);
  }

  private async refresh(
    manager: EntityManager,
    caller: Caller,
    credential: CredentialEntity,
    key: EnvironmentKey,
    result: EnvironmentSync,
  ): Promise<void> {
    const isSame = credential.enabled && credential.fingerprint === key.fingerprint;
    if (isSame) return;
    credential.enabled = true;
    credential.state = 'unverified';
    credential.fingerprint = key.fingerprint;
    credential.last4 = key.last4;
    await this.saveChanged(manager, credential);
    await this.record(manager, caller, 'credential.updated', credential);
    result.changed.push(key.name);
  }

  private async disable(
    manager: EntityManager,
    caller: Caller,
    credential: CredentialEntity,
    result: EnvironmentSync,
  ): Promise<void> {
    credential.enabled = false;
    credential.state = 'disabled';
    await this.saveChanged(manager, credential);
    await this.record(manager, caller, 'credential.disabled', credential);
    result.disabled.push((credential.reference ?? '').slice(referenceOf('').length));
  }

  private async saveChanged(manager: EntityManager, credential: CredentialEntity): Promise<void> {
    credential.version += 1;
    credential.updatedAt = this.clock.now();
    await this.credentials.save(manager, credential);
  }

  private async record(
    manager: EntityManager,
    caller: Caller,
    action: string,
    credential: CredentialEntity,
  ): Promise<void> {
    const { reference, fingerprint, enabled, providerId } = credential;
    await this.audit.record(manager, caller, {
      action,
      targetType: 'credential',
      targetId: credential.id,
      organizationId: null,
      changes: { reference, fingerprint, enabled, providerId },
    });
  }
}
