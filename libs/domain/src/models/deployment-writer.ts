import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, newId } from '@signalbox/common';
import type { DeploymentEntity } from '@signalbox/database';
import { CLOCK } from '@signalbox/domain/core';
import type { EntityManager } from 'typeorm';
import {
  assignDeployment,
  type DeploymentInput,
  type DeploymentTargets,
  newDeployment,
} from './deployment-builder';
import { ModelRepository } from './model.repository';

/** The rows of a model's deployments, inside the transaction of the model's change. */
@Injectable()
export class DeploymentWriter {
  constructor(
    private readonly models: ModelRepository,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async insert(manager: EntityManager, modelId: string, input: DeploymentInput): Promise<DeploymentEntity> {
    const targets = await this.findTargets(manager, input.providerId, input.credentialId ?? null);
    const id = newId('deployment', this.clock.nowMs());
    const deployment = newDeployment(id, modelId, this.clock.now(), input, targets);
    await this.models.insertDeployment(manager, deployment);
    return deployment;
  }

  async update(
    manager: EntityManager,
    modelId: string,
    id: string,
    changes: Partial<DeploymentInput>,
  ): Promise<void> {
    const deployment = await this.known(manager, modelId, id);
    const targets = await this.findTargets(
      manager,
      changes.providerId ?? deployment.providerId,
      changes.credentialId === undefined ? deployment.credentialId : changes.credentialId,
    );
    assignDeployment(deployment, changes, targets);
    deployment.version += 1;
    deployment.updatedAt = this.clock.now();
    await this.models.saveDeployment(manager, deployment);
  }

  async delete(manager: EntityManager, modelId: string, id: string): Promise<void> {
    await this.known(manager, modelId, id);
    await this.models.deleteDeployment(manager, id);
  }

  private async findTargets(
    manager: EntityManager,
    providerId: string,
    credentialId: string | null,
  ): Promise<DeploymentTargets> {
    const provider = await this.models.findProvider(manager, providerId);
    if (!provider) {
      throw new AppError(
        'provider_not_found',
        'provider_id names no provider: see GET /api/v1/llm/providers.',
      );
    }
    const credential = credentialId === null ? null : await this.models.findCredential(manager, credentialId);
    if (credentialId !== null && !credential) {
      throw new AppError(
        'credential_not_found',
        'credential_id names no credential of the platform: see GET /api/v1/credentials?owner_type=platform.',
      );
    }
    return { provider, credential };
  }

  private async known(manager: EntityManager, modelId: string, id: string): Promise<DeploymentEntity> {
    const deployment = await this.models.findDeployment(manager, modelId, id);
    if (deployment) return deployment;
    throw new AppError(
      'deployment_not_found',
      `Check the id: GET /api/v1/llm/models/${modelId} shows the model's deployments.`,
    );
  }
}
