import { Injectable } from '@nestjs/common';
import { CredentialEntity } from '@signalbox/database';
import type { EntityManager, QueryDeepPartialEntity } from 'typeorm';

export interface CredentialFilter {
  providerId?: string | undefined;
  enabled?: boolean | undefined;
}

@Injectable()
export class CredentialRepository {
  /** With its provider; by id, so in the order in which they were found. */
  async list(
    manager: EntityManager,
    filter: CredentialFilter,
    limit: number,
    after: string | null,
  ): Promise<CredentialEntity[]> {
    const query = manager
      .createQueryBuilder(CredentialEntity, 'credential')
      .innerJoinAndSelect('credential.provider', 'provider')
      .orderBy('credential.id')
      .take(limit);
    if (after !== null) query.andWhere('credential.id > :after', { after });
    if (filter.providerId !== undefined) {
      query.andWhere('credential.providerId = :providerId', { providerId: filter.providerId });
    }
    if (filter.enabled !== undefined)
      query.andWhere('credential.enabled = :enabled', { enabled: filter.enabled });
    return query.getMany();
  }

  async find(manager: EntityManager, id: string): Promise<CredentialEntity | null> {
    return manager.findOne(CredentialEntity, { where: { id }, relations: { provider: true } });
  }

  async listEnvironmentForUpdate(manager: EntityManager): Promise<CredentialEntity[]> {
    return manager
      .createQueryBuilder(CredentialEntity, 'credential')
      .where(`credential.reference LIKE 'env:%'`)
      .orderBy('credential.id')
      .setLock('pessimistic_write')
      .getMany();
  }

  async insert(manager: EntityManager, credential: CredentialEntity): Promise<void> {
    const { provider: _provider, workspace: _workspace, ...row } = credential;
    await manager.insert(CredentialEntity, row as QueryDeepPartialEntity<CredentialEntity>);
  }

  async save(manager: EntityManager, credential: CredentialEntity): Promise<void> {
    const { id, createdAt: _createdAt, provider: _provider, workspace: _workspace, ...columns } = credential;
    await manager.update(CredentialEntity, { id }, columns as QueryDeepPartialEntity<CredentialEntity>);
  }
}
