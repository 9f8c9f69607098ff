import { Injectable } from '@nestjs/common';
import {
  CredentialEntity,
  type CredentialPurpose,
  CredentialVersionEntity,
  DeploymentEntity,
  OrganizationEntity,
  ProviderEntity,
  RotationEntity,
  WorkspaceEntity,
} from '@signalbox/database';
import {
  type EntityManager,
  In,
  IsNull,
  type QueryDeepPartialEntity,
  type SelectQueryBuilder,
} from 'typeorm';
import type { CredentialFilter } from './credential.types';

/** Deleted rows are kept, and found by none of these. */
@Injectable()
export class CredentialRepository {
  /** Newest first, which is the order of ids; `before` is the last id of the page before. With their providers. */
  async list(
    manager: EntityManager,
    filter: CredentialFilter,
    page: { limit: number; before: string | null },
  ): Promise<CredentialEntity[]> {
    const query = manager
      .createQueryBuilder(CredentialEntity, 'credential')
      .innerJoinAndSelect('credential.provider', 'provider')
      .where('credential.deletedAt IS NULL')
      .orderBy('credential.id', 'DESC')
      .take(page.limit);
    if (page.before !== null) query.andWhere('credential.id < :before', { before: page.before });
    applyFilter(query, filter);
    return query.getMany();
  }

  async find(manager: EntityManager, id: string): Promise<CredentialEntity | null> {
    return manager.findOne(CredentialEntity, {
      where: { id, deletedAt: IsNull() },
      relations: { provider: true },
    });
  }

  /** With its provider, which is not locked. */
  async findForUpdate(manager: EntityManager, id: string): Promise<CredentialEntity | null> {
    const credential = await manager.findOne(CredentialEntity, {
      where: { id, deletedAt: IsNull() },
      lock: { mode: 'pessimistic_write' },
    });
    if (!credential) return null;
    return Object.assign(credential, {
      provider: (await manager.findOneBy(ProviderEntity, { id: credential.providerId })) ?? undefined,
    });
  }

  /** In the order of ids, so that two who lock several do not wait for each other. */
  async listForUpdate(
    manager: EntityManager,
    owner: { workspaceId: string } | { organizationId: string },
  ): Promise<CredentialEntity[]> {
    return manager.find(CredentialEntity, {
      where: { ...owner, deletedAt: IsNull() },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
  }

  /** @param provider id, name or kind; in the order of ids */
  async idsOf(manager: EntityManager, ownerKey: string, provider: string): Promise<string[]> {
    const query = manager
      .createQueryBuilder(CredentialEntity, 'credential')
      .select('credential.id')
      .innerJoin('credential.provider', 'provider')
      .where('credential.deletedAt IS NULL AND credential.ownerKey = :ownerKey', { ownerKey })
      .orderBy('credential.id');
    applyFilter(query, { provider });
    return (await query.getMany()).map(({ id }) => id);
  }

  async listEnvironmentForUpdate(manager: EntityManager): Promise<CredentialEntity[]> {
    return manager.find(CredentialEntity, {
      where: { source: 'env', deletedAt: IsNull() },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
  }

  async findEnabledId(
    manager: EntityManager,
    ownerKey: string,
    providerId: string,
    purpose: CredentialPurpose,
  ): Promise<string | null> {
    const where = { ownerKey, providerId, purpose, enabled: true, deletedAt: IsNull() };
    const found = await manager.findOne(CredentialEntity, { select: { id: true }, where });
    return found?.id ?? null;
  }

  async lockOrganization(manager: EntityManager, id: string): Promise<OrganizationEntity | null> {
    const where = { id, deletedAt: IsNull() };
    return manager.findOne(OrganizationEntity, { where, lock: { mode: 'pessimistic_read' } });
  }

  async lockWorkspace(
    manager: EntityManager,
    id: string,
    organizationId: string | undefined,
  ): Promise<WorkspaceEntity | null> {
    const where = { id, deletedAt: IsNull(), ...(organizationId === undefined ? {} : { organizationId }) };
    return manager.findOne(WorkspaceEntity, { where, lock: { mode: 'pessimistic_read' } });
  }

  async insert(manager: EntityManager, credential: CredentialEntity): Promise<void> {
    const { provider: _provider, workspace: _workspace, ...row } = credential;
    await manager.insert(CredentialEntity, row as QueryDeepPartialEntity<CredentialEntity>);
  }

  async save(manager: EntityManager, credential: CredentialEntity): Promise<void> {
    const { id, createdAt: _createdAt, provider: _provider, workspace: _workspace, ...columns } = credential;
    await manager.update(CredentialEntity, { id }, columns as QueryDeepPartialEntity<CredentialEntity>);
  }

  async insertVersion(manager: EntityManager, version: CredentialVersionEntity): Promise<void> {
    const { credential: _credential, ...row } = version;
    await manager.insert(CredentialVersionEntity, row);
  }

  async findVersion(manager: EntityManager, id: string): Promise<CredentialVersionEntity | null> {
    return manager.findOneBy(CredentialVersionEntity, { id });
  }

  /** Lock the credential first. */
  async nextVersionNumber(manager: EntityManager, credentialId: string): Promise<number> {
    return ((await manager.maximum(CredentialVersionEntity, 'number', { credentialId })) ?? 0) + 1;
  }

  /** @returns those whose secret is to be erased: all that were not retired yet */
  async retireVersions(
    manager: EntityManager,
    credentialIds: readonly string[],
    now: Date,
  ): Promise<CredentialVersionEntity[]> {
    const where = { credentialId: In([...credentialIds]), erasedAt: IsNull() };
    const versions = await manager.find(CredentialVersionEntity, { where });
    const ids = versions.map(({ id }) => id);
    if (ids.length > 0) {
      await manager.update(CredentialVersionEntity, { id: In(ids) }, { status: 'retired', retiredAt: now });
    }
    return versions;
  }

  async retireVersion(manager: EntityManager, id: string, now: Date): Promise<void> {
    await manager.update(CredentialVersionEntity, { id }, { status: 'retired', retiredAt: now });
  }

  async countDeployments(manager: EntityManager, credentialId: string): Promise<number> {
    return manager.countBy(DeploymentEntity, { credentialId });
  }

  async hasRunningRotation(manager: EntityManager, credentialId: string): Promise<boolean> {
    return manager.existsBy(RotationEntity, { subjectId: credentialId, status: 'running' });
  }
}

function applyFilter(query: SelectQueryBuilder<CredentialEntity>, filter: CredentialFilter): void {
  const { provider, ...columns } = filter;
  for (const [column, value] of Object.entries(columns)) {
    if (value !== undefined) query.andWhere(`credential.${column} = :${column}`, { [column]: value });
  }
  if (provider === undefined) return;
  query.andWhere('(provider.id = :provider OR provider.name = :provider OR provider.kind = :provider)', {
    provider,
  });
}
