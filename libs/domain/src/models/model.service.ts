import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, decodeCursor, newId, type Page, toPage } from '@signalbox/common';
import {
  type DeploymentEntity,
  isUniqueViolation,
  ModelEntity,
  type ModelMode,
  TenantTransactions,
} from '@signalbox/database';
import { type Caller, requireOperator, requireScope, tenantOf } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { FactsService, type MergedFacts } from '@signalbox/domain/catalogue';
import { CLOCK } from '@signalbox/domain/core';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { type StatedFacts, withStated } from '@signalbox/gateway';
import type { EntityManager } from 'typeorm';
import type { DeploymentInput } from './deployment-builder';
import { DeploymentWriter } from './deployment-writer';
import { checkModelName } from './model-name';
import { type ModelFilter, ModelRepository } from './model.repository';
import { checkOpenrouterId } from './openrouter-id';

export interface ModelWithDeployments {
  model: ModelEntity;
  /** In the order in which they were made. */
  deployments: DeploymentEntity[];
  /** What is known of each deployment, by its id. */
  known: ReadonlyMap<string, MergedFacts>;
}

export interface CreateModel {
  name: string;
  mode?: ModelMode | undefined;
  description?: string | null | undefined;
  enabled?: boolean | undefined;
  metadata?: Record<string, unknown> | undefined;
  openrouterId?: string | null | undefined;
  facts?: StatedFacts | undefined;
  deployments?: DeploymentInput[] | undefined;
}

export type UpdateModel = Partial<Omit<CreateModel, 'deployments'>>;

const deploymentCountMax = 100;

@Injectable()
export class ModelService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly models: ModelRepository,
    private readonly deployments: DeploymentWriter,
    private readonly facts: FactsService,
    private readonly outbox: OutboxRepository,
    private readonly audit: AuditTrail,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async list(
    caller: Caller,
    filter: ModelFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<ModelWithDeployments>> {
    requireScope(caller, 'models:read');
    const after = cursor === undefined ? null : decodeCursor(cursor);
    return this.transactions.run(tenantOf(caller), async (manager) => {
      const rows = await this.models.list(manager, filter, limit + 1, after);
      const ids = rows.map(({ id }) => id);
      const deployments = await this.models.listDeployments(manager, ids);
      const known = await this.facts.merged(manager, ids);
      return toPage(
        rows,
        limit,
        (row) => row.name,
        (model) => ({
          model,
          deployments: deployments.filter(({ modelId }) => modelId === model.id),
          known,
        }),
      );
    });
  }

  async get(caller: Caller, id: string): Promise<ModelWithDeployments> {
    requireScope(caller, 'models:read');
    return this.transactions.run(tenantOf(caller), (manager) => this.load(manager, id));
  }

  async create(caller: Caller, input: CreateModel): Promise<ModelWithDeployments> {
    requireOperator(caller, 'models:write');
    checkModelName(input.name);
    checkOpenrouterId(input.openrouterId ?? null, input.name);
    return this.write(input.name, async (manager) => {
      const model = this.newModel(input);
      await this.models.insert(manager, model);
      for (const deployment of input.deployments ?? []) {
        await this.deployments.insert(manager, model.id, deployment);
      }
      const { name, mode, enabled } = model;
      return this.finish(manager, caller, model, 'model.created', {
        name,
        mode,
        enabled,
        deployments: input.deployments ?? [],
      });
    });
  }

  async update(caller: Caller, id: string, changes: UpdateModel): Promise<ModelWithDeployments> {
    requireOperator(caller, 'models:write');
    if (changes.name !== undefined) checkModelName(changes.name);
    return this.write(changes.name, async (manager) => {
      const model = await this.lock(manager, id);
      if (changes.name !== undefined) model.name = changes.name;
      if (changes.mode !== undefined) model.mode = changes.mode;
      if (changes.description !== undefined) model.description = changes.description;
      if (changes.enabled !== undefined) model.enabled = changes.enabled;
      if (changes.metadata !== undefined) model.metadata = changes.metadata;
      if (changes.openrouterId !== undefined) model.openrouterId = changes.openrouterId;
      if (changes.facts !== undefined) model.facts = withStated(model.facts, changes.facts);
      checkOpenrouterId(model.openrouterId, model.name);
      return this.finish(manager, caller, model, 'model.updated', { ...changes });
    });
  }

  /** LiteLLM serves the model until a release without it is applied. */
  async delete(caller: Caller, id: string): Promise<void> {
    requireOperator(caller, 'models:write');
    await this.transactions.run('platform', async (manager) => {
      const { name } = await this.lock(manager, id);
      await this.models.delete(manager, id);
      await this.record(manager, caller, 'model.deleted', id, { name });
    });
  }

  async addDeployment(
    caller: Caller,
    modelId: string,
    input: DeploymentInput,
  ): Promise<ModelWithDeployments> {
    requireOperator(caller, 'models:write');
    return this.transactions.run('platform', async (manager) => {
      const model = await this.lock(manager, modelId);
      const { id } = await this.deployments.insert(manager, modelId, input);
      return this.finish(manager, caller, model, 'deployment.created', { deploymentId: id, ...input });
    });
  }

  async updateDeployment(
    caller: Caller,
    modelId: string,
    deploymentId: string,
    changes: Partial<DeploymentInput>,
  ): Promise<ModelWithDeployments> {
    requireOperator(caller, 'models:write');
    return this.transactions.run('platform', async (manager) => {
      const model = await this.lock(manager, modelId);
      await this.deployments.update(manager, modelId, deploymentId, changes);
      return this.finish(manager, caller, model, 'deployment.updated', { deploymentId, ...changes });
    });
  }

  async deleteDeployment(
    caller: Caller,
    modelId: string,
    deploymentId: string,
  ): Promise<ModelWithDeployments> {
    requireOperator(caller, 'models:write');
    return this.transactions.run('platform', async (manager) => {
      const model = await this.lock(manager, modelId);
      await this.deployments.delete(manager, modelId, deploymentId);
      return this.finish(manager, caller, model, 'deployment.deleted', { deploymentId });
    });
  }

  private newModel(input: CreateModel): ModelEntity {
    return Object.assign(new ModelEntity(), {
      id: newId('model', this.clock.nowMs()),
      version: 0,
      name: input.name,
      mode: input.mode ?? 'chat',
      description: input.description ?? null,
      openrouterId: input.openrouterId ?? null,
      isDemo: false,
      facts: withStated({}, input.facts ?? {}),
      enabled: input.enabled ?? true,
      metadata: input.metadata ?? {},
      createdAt: this.clock.now(),
      updatedAt: this.clock.now(),
    });
  }

  /** The model's version counts changes of its deployments too: a reader sees one thing that changed. */
  private async finish(
    manager: EntityManager,
    caller: Caller,
    model: ModelEntity,
    action: string,
    changes: Record<string, unknown>,
  ): Promise<ModelWithDeployments> {
    const deployments = await this.models.listDeployments(manager, [model.id]);
    if (deployments.length > deploymentCountMax) {
      throw new AppError('validation_failed', `A model has at most ${deploymentCountMax} deployments.`);
    }
    model.isDemo = deployments.some(({ enabled, provider }) => enabled && provider?.kind === 'demo');
    model.version += 1;
    model.updatedAt = this.clock.now();
    await this.models.save(manager, model);
    await this.record(manager, caller, action, model.id, changes);
    return { model, deployments, known: await this.facts.merged(manager, [model.id]) };
  }

  private async load(manager: EntityManager, id: string): Promise<ModelWithDeployments> {
    const model = this.known(await this.models.find(manager, id));
    const deployments = await this.models.listDeployments(manager, [id]);
    return { model, deployments, known: await this.facts.merged(manager, [id]) };
  }

  private async lock(manager: EntityManager, id: string): Promise<ModelEntity> {
    return this.known(await this.models.findForUpdate(manager, id));
  }

  private known(model: ModelEntity | null): ModelEntity {
    if (model) return model;
    throw new AppError('model_not_found', 'Check the id: GET /api/v1/llm/models lists all models.');
  }

  private async write<Result>(
    name: string | undefined,
    work: (manager: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.transactions.run('platform', work);
    } catch (error) {
      if (!isUniqueViolation(error, 'models_name_key')) throw error;
      throw new AppError(
        'model_name_taken',
        `There is a model named ${JSON.stringify(name)}. Add a deployment to it, or choose another name.`,
      );
    }
  }

  private async record(
    manager: EntityManager,
    caller: Caller,
    action: string,
    id: string,
    changes: Record<string, unknown>,
  ): Promise<void> {
    await this.outbox.addFacts(manager);
    await this.audit.record(manager, caller, {
      action,
      targetType: 'model',
      targetId: id,
      organizationId: null,
      changes,
    });
  }
}
