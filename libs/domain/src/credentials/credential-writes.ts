import { Injectable } from '@nestjs/common';
import { AppError } from '@signalbox/common';
import {
  type CredentialEntity,
  isForeignKeyViolation,
  isUniqueViolation,
  TenantTransactions,
} from '@signalbox/database';
import { type Caller, tenantOf } from '@signalbox/domain/access';
import type { EntityManager } from 'typeorm';
import { CredentialRepository } from './credential.repository';

/** Of which at most one credential is enabled. */
export type CredentialPlace = Pick<CredentialEntity, 'ownerKey' | 'providerId' | 'purpose'>;

function alreadyExists(id: string | null): AppError {
  return new AppError(
    'credential_exists',
    `${id ?? 'Another credential'} is the enabled key of this owner for this provider. Give it the new value (POST /api/v1/credentials/${id ?? '{id}'}/rotate), disable or delete it first, or send enabled: false.`,
  );
}

/** Transactions on credentials; what PostgreSQL refuses is told in the words of the API. */
@Injectable()
export class CredentialWrites {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly credentials: CredentialRepository,
  ) {}

  async run<Result>(
    caller: Caller,
    place: CredentialPlace,
    work: (manager: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.transactions.run(tenantOf(caller), work);
    } catch (error) {
      if (isUniqueViolation(error, 'credentials_one_enabled_key')) {
        throw alreadyExists(
          await this.transactions.run(tenantOf(caller), (manager) => this.enabledAt(manager, place)),
        );
      }
      if (!isForeignKeyViolation(error, 'credentials_provider_id_fkey')) throw error;
      throw new AppError('provider_not_found', 'The provider was deleted in the meantime.');
    }
  }

  async refuseSecond(manager: EntityManager, place: CredentialPlace): Promise<void> {
    const id = await this.enabledAt(manager, place);
    if (id !== null) throw alreadyExists(id);
  }

  async enabledAt(
    manager: EntityManager,
    { ownerKey, providerId, purpose }: CredentialPlace,
  ): Promise<string | null> {
    return this.credentials.findEnabledId(manager, ownerKey, providerId, purpose);
  }
}
