import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { CLOCK } from '@signalbox/domain/core';
import { OutboxDrainer } from '@signalbox/domain/outbox';
import { ProjectionService } from '@signalbox/domain/projection';
import { QualityLookup } from '@signalbox/domain/quality';
import { type DeploymentFacts, unknownFacts } from '@signalbox/gateway';
import type { EntityManager } from 'typeorm';
import { CatalogueLookup } from './catalogue-lookup';
import { FactsRepository } from './facts.repository';
import type { FactsSubject, MergedFacts } from './facts.types';
import { mergeFacts } from './merge-facts';
import { asServed, servedDeployments } from './served-deployments';

/** What is known of the deployments: merged when asked for, and kept current for the edges. */
@Injectable()
export class FactsService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: FactsRepository,
    private readonly quality: QualityLookup,
    private readonly projection: ProjectionService,
    private readonly drainer: OutboxDrainer,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** By deployment. @param modelIds null: of all models */
  async merged(
    manager: EntityManager,
    modelIds: readonly string[] | null,
  ): Promise<Map<string, MergedFacts>> {
    return this.merge(manager, await this.repository.subjects(manager, modelIds), this.clock.now());
  }

  private async merge(
    manager: EntityManager,
    subjects: readonly FactsSubject[],
    at: Date,
  ): Promise<Map<string, MergedFacts>> {
    const entries = await this.repository.entriesOf(manager, subjects, at);
    const lookup = new CatalogueLookup(entries);
    const qualityOf = await this.quality.load(manager);
    return new Map(subjects.map((subject) => [subject.id, mergeFacts(subject, lookup, qualityOf)]));
  }

  /**
   * Writes the document anew if anything in it changed, and tells the edges.
   * @returns when a price that is written down already comes into force
   */
  async refresh(): Promise<Date | null> {
    const nextAt = await this.transactions.run('platform', async (manager) => {
      const known = await this.repository.lockDocument(manager);
      // One time for all of it: a price that comes into force while this runs is the next one.
      const at = this.clock.now();
      const served = servedDeployments(await this.repository.releasedModels(manager));
      const providers = await this.repository.statedOfProviders(manager);
      const subjects = (await this.repository.subjects(manager, null)).map((subject) => {
        const one = served.get(subject.id);
        return one ? asServed(subject, one, providers) : subject;
      });
      const merged = await this.merge(manager, subjects, at);
      // One that is removed is called until a release without it: what was known of it last is still true.
      const removed = [...served.keys()].filter((id) => !merged.has(id));
      const deployments = await this.repository.writtenFacts(manager, removed);
      for (const [id, { facts }] of merged) deployments[id] = withoutUnknown(facts);
      await this.repository.writeDocument(manager, known, deployments, at);
      return this.repository.nextPriceChange(manager, at);
    });
    await this.projection.projectFacts();
    return nextAt;
  }

  /** After releases, and changes of the catalogue, of prices, models, deployments, providers and quality, which all name this topic. */
  async drainDue(signal: AbortSignal): Promise<number> {
    return this.drainer.drain({
      topics: ['project.facts'],
      concurrency: 1,
      leaseSeconds: 30,
      maxDelayMs: 5_000,
      signal,
      handle: () => this.refresh(),
    });
  }
}

/** Whoever reads the document knows what it means that a fact is left out; of most deployments little is known. */
function withoutUnknown(facts: DeploymentFacts): Partial<DeploymentFacts> {
  return Object.fromEntries(
    Object.entries(facts).filter(([name, value]) => value !== unknownFacts[name as keyof DeploymentFacts]),
  );
}
