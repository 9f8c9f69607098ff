import { Injectable } from '@nestjs/common';
import { AppError, decodeIdCursor, type Page } from '@signalbox/common';
import { type CredentialEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { ProviderLookup } from '@signalbox/domain/providers';
import type { EntityManager } from 'typeorm';
import { checkKeyStandsNowhereElse } from './credential-input';
import { CredentialOwners } from './credential-owners';
import { type CredentialOwner, ownerKeyOf } from './credential-owner';
import { CredentialRemoval } from './credential-removal';
import { CredentialReplacementService } from './credential-replacement.service';
import { CredentialRepository } from './credential.repository';
import { CredentialService } from './credential.service';
import type { CreateCredential, Member } from './credential.types';

export type SaveMemberKey = Omit<
  CreateCredential,
  'ownerType' | 'organizationId' | 'workspaceId' | 'userId' | 'purpose' | 'enabled'
>;

/** Two people who save at the same moment: who comes second replaces what the first one made, and may lose once more. */
const maxAttempts = 3;

/** A member's keys by the member's name: at most one per provider, and saving it again replaces it. */
@Injectable()
export class MemberCredentialService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly credentials: CredentialRepository,
    private readonly owners: CredentialOwners,
    private readonly providers: ProviderLookup,
    private readonly service: CredentialService,
    private readonly replacement: CredentialReplacementService,
    private readonly removal: CredentialRemoval,
  ) {}

  async save(caller: Caller, member: Member, input: SaveMemberKey): Promise<CredentialEntity> {
    requireScope(caller, 'credentials:write');
    checkKeyStandsNowhereElse(input);
    const owner = await this.owner(caller, member);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.saveOnce(caller, owner, input);
      } catch (error) {
        if (attempt === maxAttempts || !isLostRace(error)) throw error;
      }
    }
  }

  async list(
    caller: Caller,
    member: Member,
    limit: number,
    cursor?: string,
  ): Promise<Page<CredentialEntity>> {
    requireScope(caller, 'credentials:read');
    // A cursor that is none is refused whoever the member is.
    decodeIdCursor('credential', cursor);
    const { organizationId, userId } = await this.owner(caller, member);
    const filter = {
      ownerType: 'member' as const,
      organizationId: organizationId ?? undefined,
      userId: userId ?? undefined,
    };
    return this.service.list(caller, filter, limit, cursor);
  }

  /** All that the member has for the provider, also disabled ones. */
  async delete(caller: Caller, member: Member, provider: string): Promise<void> {
    requireScope(caller, 'credentials:write');
    const removed = await this.transactions.run(tenantOf(caller), async (manager) => {
      const owner = await this.owners.resolve(manager, caller, { ...member, ownerType: 'member' });
      const found = await this.lockAll(manager, ownerKeyOf(owner), provider);
      if (found.length === 0) {
        throw new AppError(
          'credential_not_found',
          'The member has no key for this provider: GET the same path without the provider lists all.',
        );
      }
      return this.removal.remove(manager, caller, found);
    });
    await this.removal.finish(removed);
  }

  private async saveOnce(
    caller: Caller,
    owner: CredentialOwner,
    input: SaveMemberKey,
  ): Promise<CredentialEntity> {
    const provider = await this.providers.resolve(caller, input.provider);
    const existing = await this.transactions.run(tenantOf(caller), (manager) =>
      this.credentials.findEnabledId(manager, ownerKeyOf(owner), provider.id, 'inference'),
    );
    if (existing === null) {
      return this.service.create(caller, { ...input, ...wantedOf(owner), provider: provider.id });
    }
    const { provider: _provider, apiKey, ...settings } = input;
    // Whoever saves a key says all of it: an end or an address of the old one does not belong to the new one.
    const ofNewKey = { baseUrl: settings.baseUrl ?? null, expiresAt: settings.expiresAt ?? null };
    return this.replacement.replaceSecret(caller, existing, apiKey, { ...settings, ...ofNewKey });
  }

  private async owner(caller: Caller, member: Member): Promise<CredentialOwner> {
    return this.transactions.run(tenantOf(caller), (manager) =>
      this.owners.resolve(manager, caller, { ...member, ownerType: 'member' }),
    );
  }

  private async lockAll(
    manager: EntityManager,
    ownerKey: string,
    provider: string,
  ): Promise<CredentialEntity[]> {
    const ids = await this.credentials.idsOf(manager, ownerKey, provider);
    const found: CredentialEntity[] = [];
    for (const id of ids) {
      const credential = await this.credentials.findForUpdate(manager, id);
      if (credential) found.push(credential);
    }
    return found;
  }
}

function wantedOf({ organizationId, userId }: CredentialOwner) {
  return {
    ownerType: 'member' as const,
    organizationId: organizationId ?? undefined,
    userId: userId ?? undefined,
  };
}

function isLostRace(error: unknown): boolean {
  return (
    error instanceof AppError && (error.code === 'credential_exists' || error.code === 'credential_not_found')
  );
}
