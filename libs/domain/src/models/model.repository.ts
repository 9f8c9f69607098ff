import { Injectable } from '@nestjs/common';
import {
  containsPattern,
  CredentialEntity,
  DeploymentEntity,
  ModelEntity,
  type ModelMode,
  ProviderEntity,
} from '@signalbox/database';
import { type EntityManager, In, IsNull, type SelectQueryBuilder } from 'typeorm';

export interface ModelFilter {
  search?: string | undefined;
  mode?: ModelMode | undefined;
  enabled?: boolean | undefined;
  providerId?: string | undefined;
}

function applyFilter(query: SelectQueryBuilder<ModelEntity>, filter: ModelFilter): void {
  if (filter.mode !== undefined) query.andWhere('model.mode = :mode', { mode: filter.mode });
  if (filter.enabled !== undefined) query.andWhere('model.enabled = :enabled', { enabled: filter.enabled });
  if (filter.search !== undefined) {
    query.andWhere('(model.name ILIKE :search OR model.description ILIKE :search)', {
      search: containsPattern(filter.search),
    });
  }
  if (filter.providerId !== undefined) {
    query.andWhere(
      'EXISTS (SELECT FROM deployments d WHERE d.model_id = model.id AND d.provider_id = :providerId)',
      { providerId: filter.providerId },
    );
  }
}

@Injectable()
export class ModelRepository {
  async list(
    manager: EntityManager,
    filter: ModelFilter,
    limit: number,
    after: string | null,
  ): Promise<ModelEntity[]> {
    const query = manager.createQueryBuilder(ModelEntity, 'model').orderBy('model.name').take(limit);
    if (after !== null) query.andWhere('model.name > :after', { after });
    applyFilter(query, filter);
    return query.getMany();
  }

  async find(manager: EntityManager, id: string): Promise<ModelEntity | null> {
    return manager.findOne(ModelEntity, { where: { id } });
  }

  async findForUpdate(manager: EntityManager, id: string): Promise<ModelEntity | null> {
    return manager.findOne(ModelEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  async insert(manager: EntityManager, model: ModelEntity): Promise<void> {
    await manager.insert(ModelEntity, model as object);
  }

  async save(manager: EntityManager, model: ModelEntity): Promise<void> {
    await manager.save(model);
  }

  async delete(manager: EntityManager, id: string): Promise<void> {
    await manager.delete(ModelEntity, { id });
  }

  async listDeployments(manager: EntityManager, modelIds: readonly string[]): Promise<DeploymentEntity[]> {
    if (modelIds.length === 0) return [];
    return manager.find(DeploymentEntity, {
      where: { modelId: In([...modelIds]) },
      relations: { provider: true },
      order: { id: 'ASC' },
    });
  }

  async findDeployment(
    manager: EntityManager,
    modelId: string,
    id: string,
  ): Promise<DeploymentEntity | null> {
    return manager.findOne(DeploymentEntity, { where: { id, modelId } });
  }

  async insertDeployment(manager: EntityManager, deployment: DeploymentEntity): Promise<void> {
    await manager.insert(DeploymentEntity, deployment as object);
  }

  async saveDeployment(manager: EntityManager, deployment: DeploymentEntity): Promise<void> {
    await manager.save(deployment);
  }

  async deleteDeployment(manager: EntityManager, id: string): Promise<void> {
    await manager.delete(DeploymentEntity, { id });
  }

  /** Locked against deletion until the transaction ends. */
  async findProvider(manager: EntityManager, id: string): Promise<ProviderEntity | null> {
    return manager.findOne(ProviderEntity, { where: { id }, lock: { mode: 'for_key_share' } });
  }

  /** Of the platform and for calls: all others are somebody's own, and found per call. */
  async findCredential(manager: EntityManager, id: string): Promise<CredentialEntity | null> {
    const where = { id, ownerType: 'platform', purpose: 'inference', deletedAt: IsNull() } as const;
    return manager.findOne(CredentialEntity, { where, lock: { mode: 'for_key_share' } });
  }
}
