import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from '@signalbox/common';
import { type OutboxTopic, TenantTransactions } from '@signalbox/database';
import { LOGGER } from '@signalbox/domain/core';
import { OutboxDrainer, OutboxRepository } from '@signalbox/domain/outbox';
import { type ProjectionKind, projectionField } from '@signalbox/gateway';
import { JobProducer } from '@signalbox/jobs';
import type { EntityManager } from 'typeorm';
import { type BuiltDocument, versionOfText } from './build-documents';
import { ProjectionRepository } from './projection.repository';
import { type ProjectionMeta, ProjectionStore } from './projection-store';

const projectionTopics = [
  'project.virtual_key',
  'project.workspace',
  'project.organization',
  'project.service',
  'project.catalogue',
  'project.credentials',
  'project.settings',
] as const satisfies readonly OutboxTopic[];
export type ProjectionTopic = (typeof projectionTopics)[number];

/** Longer than Redis and PostgreSQL ever take when they are well. */
const drainLimitMs = 1_000;

function isProjectionTopic(topic: OutboxTopic): topic is ProjectionTopic {
  return (projectionTopics as readonly OutboxTopic[]).includes(topic);
}

/** Brings changes from PostgreSQL to Redis, where the edges see them. */
@Injectable()
export class ProjectionService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly outbox: OutboxRepository,
    private readonly repository: ProjectionRepository,
    private readonly store: ProjectionStore,
    private readonly drainer: OutboxDrainer,
    private readonly jobs: JobProducer,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * To be called after the commit of a change that added these topics to the outbox: projects the subject at once, so
   * that the change is live before the answer is sent, and tells the worker about the rest. Never throws and never takes
   * much longer than a second: what does not succeed here is done by the worker from the outbox.
   */
  async drainNow(topics: readonly OutboxTopic[], subjectId: string): Promise<void> {
    const isProjected = await this.tryProject(topics.filter(isProjectionTopic), subjectId);
    const isAllDone = isProjected && topics.every(isProjectionTopic);
    if (!isAllDone) void this.jobs.add('outbox.drain', {});
  }

  /** Writes the subject's newest state and takes its items off the outbox. Safe to run by several at once. */
  async project(topics: readonly ProjectionTopic[], subjectId: string): Promise<void> {
    const { items, documents } = await this.transactions.run('platform', async (manager) => ({
      // Read first: should the subject change after this line, the item's revision is no longer the one taken off below.
      items: await this.outbox.find(manager, topics, subjectId),
      documents: await this.read(manager, topics, subjectId),
    }));
    await this.store.advance(documents);
    await this.transactions.run('platform', async (manager) => {
      for (const item of items) await this.outbox.complete(manager, item);
    });
  }

  /** Tells the edges what is known of the deployments, as it was written last: libs/domain catalogue writes it. */
  async projectFacts(): Promise<void> {
    const documents = await this.transactions.run('platform', (manager) => this.repository.ofFacts(manager));
    await this.store.advance(documents);
  }

  /** Projects all that is due. Does nothing while Redis is away: nothing is lost, and no attempt is wasted. */
  async drainDue(signal: AbortSignal): Promise<number> {
    if (!this.store.isReady()) return 0;
    return this.drainer.drain({
      topics: projectionTopics,
      concurrency: 8,
      leaseSeconds: 10,
      maxDelayMs: 5_000,
      signal,
      handle: async ({ topic, subjectId }) => {
        if (isProjectionTopic(topic)) await this.project([topic], subjectId);
        return null;
      },
    });
  }

  /** Which documents the subject has, as PostgreSQL says: for a virtual key, the hashes of its values. */
  async documentIds(topic: ProjectionTopic, subjectId: string): Promise<string[]> {
    const documents = await this.transactions.run('platform', (manager) =>
      this.readTopic(manager, topic, subjectId),
    );
    return documents.map(({ id }) => id);
  }

  /** Whether Redis has all these documents in this version or a newer one. */
  async hasVersions(kind: ProjectionKind, ids: readonly string[], version: number): Promise<boolean> {
    const texts = await this.store.texts(ids.map((id) => projectionField(kind, id)));
    return texts.every((text) => text !== null && versionOfText(text) >= version);
  }

  /** How far the projection is: an edge that has read as far knows all of it. */
  async position(): Promise<ProjectionMeta> {
    return this.store.meta();
  }

  private async tryProject(topics: readonly ProjectionTopic[], subjectId: string): Promise<boolean> {
    if (topics.length === 0) return true;
    if (!this.store.isReady()) return false;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), drainLimitMs);
    });
    const done = this.project(topics, subjectId).then(
      () => true,
      (error: unknown) => {
        this.logger.warn('a change is left to the worker to project', { subject_id: subjectId, error });
        return false;
      },
    );
    try {
      return await Promise.race([done, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async read(
    manager: EntityManager,
    topics: readonly ProjectionTopic[],
    subjectId: string,
  ): Promise<BuiltDocument[]> {
    const documents: BuiltDocument[] = [];
    for (const topic of topics) documents.push(...(await this.readTopic(manager, topic, subjectId)));
    return documents;
  }

  private readTopic(
    manager: EntityManager,
    topic: ProjectionTopic,
    subjectId: string,
  ): Promise<BuiltDocument[]> {
    switch (topic) {
      case 'project.virtual_key':
        return this.repository.ofVirtualKey(manager, subjectId);
      case 'project.workspace':
        return this.repository.ofWorkspace(manager, subjectId);
      case 'project.organization':
        return this.repository.ofOrganization(manager, subjectId);
      case 'project.service':
        return this.repository.ofService(manager, subjectId);
      case 'project.catalogue':
        return this.repository.ofCatalogue(manager);
      case 'project.credentials':
        return this.repository.ofCredentialOwner(manager, subjectId);
      case 'project.settings':
        return this.repository.ofSettings(manager);
    }
  }
}
