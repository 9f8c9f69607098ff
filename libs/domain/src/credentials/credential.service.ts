import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, decodeIdCursor, type Page, toPage } from '@signalbox/common';
import { type CredentialEntity, type CredentialVersionEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { CLOCK, requireVersion } from '@signalbox/domain/core';
import { ProviderLookup } from '@signalbox/domain/providers';
import type { EntityManager } from 'typeorm';
import { CredentialAnnouncer } from './credential-announcer';
import { CheckedSettings } from './credential-checked-settings';
import { newCredential } from './credential-factory';
import {
  applySettings,
  auditedSettings,
  checkKey,
  checkKeyStandsNowhereElse,
  inEnvironment,
  refuseOfEnvironment,
} from './credential-input';
import { CredentialOwners, ownerTypeOf } from './credential-owners';
import { CredentialRemoval } from './credential-removal';
import { CredentialRepository } from './credential.repository';
import { CredentialSecrets } from './credential-secrets';
import { awaitCheck, disabledByRequest, followSettings, switchOff } from './credential-state';
import type { CreateCredential, CredentialFilter, UpdateCredential } from './credential.types';
import { CredentialWrites } from './credential-writes';
import { makeCurrent } from './current-version';
import { knownCredential } from './known-credential';
import { maskedKey } from './mask-secret';

@Injectable()
export class CredentialService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly writes: CredentialWrites,
    private readonly credentials: CredentialRepository,
    private readonly owners: CredentialOwners,
    private readonly providers: ProviderLookup,
    private readonly settings: CheckedSettings,
    private readonly secrets: CredentialSecrets,
    private readonly removal: CredentialRemoval,
    private readonly announcer: CredentialAnnouncer,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** The secret first, then the rows: a secret without a row is swept, a row without its secret would be a lie. */
  async create(caller: Caller, input: CreateCredential): Promise<CredentialEntity> {
    requireScope(caller, 'credentials:write');
    checkKey(input.apiKey);
    checkKeyStandsNowhereElse(input);
    const draft = await this.draft(caller, input);
    const target = { id: draft.id, organizationId: draft.organizationId, kind: draft.provider?.kind ?? '' };
    const made = await this.secrets.saveFirst(target, input.apiKey, (version) =>
      this.writes.run(caller, draft, async (manager) => {
        // Again, and held: the owner may have been deleted meanwhile.
        await this.owners.resolve(manager, caller, input);
        await this.insert(manager, caller, draft, version);
        return draft;
      }),
    );
    await this.announcer.live(made.ownerKey);
    return made;
  }

  async list(
    caller: Caller,
    filter: CredentialFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<CredentialEntity>> {
    requireScope(caller, 'credentials:read');
    const before = decodeIdCursor('credential', cursor);
    // Row-level security decides; naming the organization as well lets PostgreSQL use its index.
    const organizationId = filter.organizationId ?? caller.organizationId ?? undefined;
    const rows = await this.transactions.run(tenantOf(caller), (manager) =>
      this.credentials.list(manager, { ...filter, organizationId }, { limit: limit + 1, before }),
    );
    return toPage(
      rows,
      limit,
      (row) => row.id,
      (row) => row,
    );
  }

  async get(caller: Caller, id: string): Promise<CredentialEntity> {
    requireScope(caller, 'credentials:read');
    return this.find(caller, id);
  }

  async update(caller: Caller, id: string, input: UpdateCredential): Promise<CredentialEntity> {
    requireScope(caller, 'credentials:write');
    const { version, ...wanted } = input;
    const known = await this.find(caller, id);
    const settings = await this.settings.of(known.provider?.kind ?? '', known.ownerType, wanted);
    const updated = await this.writes.run(caller, known, async (manager) => {
      const credential = knownCredential(await this.credentials.findForUpdate(manager, id));
      requireVersion(credential, version);
      refuseOfEnvironment(credential, settings);
      const changed = applySettings(credential, settings, this.clock.now());
      const isSwitched = settings.enabled !== undefined && settings.enabled !== credential.enabled;
      if (changed.length === 0 && !isSwitched) return credential;
      if (isSwitched && settings.enabled) await this.writes.refuseSecond(manager, credential);
      followSettings(credential, changed, settings.enabled, this.clock.now());
      await this.announcer.changed(manager, caller, credential, 'byok_key_updated', {
        ...auditedSettings(credential, changed),
        ...(isSwitched ? { enabled: settings.enabled } : {}),
      });
      return credential;
    });
    await this.announcer.live(updated.ownerKey);
    return updated;
  }

  /** Calls stop using it at once. A second time changes nothing. */
  async disable(caller: Caller, id: string): Promise<CredentialEntity> {
    requireScope(caller, 'credentials:write');
    const disabled = await this.transactions.run(tenantOf(caller), async (manager) => {
      const credential = knownCredential(await this.credentials.findForUpdate(manager, id));
      if (!credential.enabled) return credential;
      switchOff(credential, disabledByRequest, this.clock.now());
      const { fingerprint } = credential;
      await this.announcer.changed(manager, caller, credential, 'credential.disabled', { fingerprint });
      return credential;
    });
    await this.announcer.live(disabled.ownerKey);
    return disabled;
  }

  /** The row stays for the record; its secrets are erased. */
  async delete(caller: Caller, id: string): Promise<void> {
    requireScope(caller, 'credentials:write');
    const removed = await this.transactions.run(tenantOf(caller), async (manager) => {
      const credential = knownCredential(await this.credentials.findForUpdate(manager, id));
      if (credential.source === 'env') {
        throw inEnvironment(credential, 'take it out there. To stop its use now, disable the credential');
      }
      return this.removal.remove(manager, caller, [credential]);
    });
    await this.removal.finish(removed);
  }

  /** For whoever then asks the provider about it. */
  async requireCheckable(caller: Caller, id: string): Promise<void> {
    requireScope(caller, 'credentials:write');
    const credential = await this.find(caller, id);
    if (credential.source === 'env')
      throw inEnvironment(credential, 'only LiteLLM can use it, so it is not checked');
    if (credential.enabled) return;
    throw new AppError('credential_not_readable', 'It is disabled: PATCH with enabled: true has it checked.');
  }

  private async find(caller: Caller, id: string): Promise<CredentialEntity> {
    return this.transactions.run(tenantOf(caller), async (manager) =>
      knownCredential(await this.credentials.find(manager, id)),
    );
  }

  /** Everything that can be refused is refused here, before the secret store is asked. */
  private async draft(caller: Caller, input: CreateCredential): Promise<CredentialEntity> {
    const owner = await this.transactions.run(tenantOf(caller), (manager) =>
      this.owners.resolve(manager, caller, input),
    );
    const provider = await this.providers.resolve(caller, input.provider);
    const settings = await this.settings.of(provider.kind, ownerTypeOf(caller, input), input);
    const now = this.clock.now();
    const credential = newCredential(caller, owner, provider, 'api', now);
    credential.purpose = input.purpose ?? 'inference';
    applySettings(credential, settings, now);
    if (input.enabled === false) switchOff(credential, disabledByRequest, now);
    else awaitCheck(credential, now);
    if (credential.enabled) {
      await this.transactions.run(tenantOf(caller), (manager) =>
        this.writes.refuseSecond(manager, credential),
      );
    }
    return credential;
  }

  private async insert(
    manager: EntityManager,
    caller: Caller,
    credential: CredentialEntity,
    version: CredentialVersionEntity,
  ): Promise<void> {
    makeCurrent(credential, version, this.clock.now());
    const { ownerType, ownerKey, providerId, purpose, name, baseUrl, expiresAt, enabled, fingerprint } =
      credential;
    await this.announcer.created(manager, caller, credential, version, 'byok_key_added', {
      ownerType,
      ownerKey,
      providerId,
      purpose,
      name,
      keyName: maskedKey(credential),
      fingerprint,
      baseUrl,
      expiresAt,
      enabled,
    });
  }
}
