import { performance } from 'node:perf_hooks';
import type { Clock, Logger } from '@signalbox/common';
import type { LastContact } from '../keys/last-contact';
import type { ProjectionFeed } from '../keys/projection-feed';
import type { ProjectionStore } from '../keys/projection-store';
import type { ActiveLitellm } from '../upstream/runner-state';
import { projectionLines } from './projection-lines';
import { credentialsText, type SnapshotCredential, stateText } from './snapshot-contents';
import type { SnapshotFiles } from './snapshot-files';

const writeEveryMs = 5_000;
/** Of a large projection that changes all the time: writing takes at most so much of one core's time. */
const leastShareOfTime = 1 / 20;

export interface SnapshotWriterDependencies {
  files: SnapshotFiles;
  store: ProjectionStore;
  feed: Pick<ProjectionFeed, 'health'>;
  contact: LastContact;
  litellm: () => ActiveLitellm | null;
  credentials: () => readonly SnapshotCredential[];
  clock: Clock;
  logger: Logger;
}

/** Writes what has changed, every few seconds and at the end. A failure is told once and tried again. */
export class SnapshotWriter {
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> | null = null;
  private writtenRevision = -1;
  private projectionMac: string | null = null;
  /** The last contact at which what is written was all there was to know. */
  private contactAtMs = 0;
  private writtenState = '';
  private writtenCredentials = '';
  private nextProjectionAtMs = -Infinity;
  private hasFailed = false;

  constructor(private readonly dependencies: SnapshotWriterDependencies) {}

  start(): void {
    this.timer = setInterval(() => void this.write(), writeEveryMs).unref();
  }

  /** What was loaded is on disk already. */
  startFrom(projectionMac: string, contactAtMs: number): void {
    this.projectionMac = projectionMac;
    this.contactAtMs = contactAtMs;
    this.writtenRevision = this.dependencies.store.revision;
  }

  async stop(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
    await this.writing;
  }

  /** However short ago the last time was. */
  async writeNow(): Promise<void> {
    this.nextProjectionAtMs = -Infinity;
    await this.write();
  }

  /** Never fails. */
  write(): Promise<void> {
    this.writing ??= this.writeAll()
      .catch((error: unknown) => this.noteFailed(error))
      .finally(() => {
        this.writing = null;
      });
    return this.writing;
  }

  private async writeAll(): Promise<void> {
    const { feed } = this.dependencies;
    if (!feed.health().isLoaded) return;
    if (this.isProjectionDue()) await this.writeProjection();
    await this.writeCredentials();
    await this.writeState();
    if (this.hasFailed) this.dependencies.logger.info('the snapshot is written again');
    this.hasFailed = false;
  }

  private isProjectionDue(): boolean {
    const isChanged = this.writtenRevision !== this.dependencies.store.revision;
    return isChanged && performance.now() >= this.nextProjectionAtMs;
  }

  private async writeProjection(): Promise<void> {
    const { files, store, feed, contact, clock, logger } = this.dependencies;
    const startMs = performance.now();
    const { revision } = store;
    const { epoch, seq } = feed.health();
    const facts = { written_at_ms: clock.nowMs(), contact_at_ms: contact.atMs, epoch, seq };
    this.projectionMac = await files.write('projection', projectionLines(store, facts));
    this.writtenRevision = revision;
    this.contactAtMs = facts.contact_at_ms;
    const tookMs = performance.now() - startMs;
    this.nextProjectionAtMs = performance.now() + tookMs / leastShareOfTime;
    logger.debug('snapshot written', { keys: store.size('key'), took_ms: Math.round(tookMs) });
  }

  private async writeState(): Promise<void> {
    const { files, store, contact, litellm } = this.dependencies;
    if (this.writtenRevision === store.revision) this.contactAtMs = contact.atMs;
    const { projectionMac: projection_mac, contactAtMs: contact_at_ms } = this;
    const text = stateText({ projection_mac, contact_at_ms, litellm: litellm() });
    if (text === this.writtenState) return;
    await files.write('state', [text]);
    this.writtenState = text;
  }

  private async writeCredentials(): Promise<void> {
    const { files, credentials } = this.dependencies;
    const held = credentials();
    const text = JSON.stringify(held);
    if (text === this.writtenCredentials) return;
    await files.write('credentials', [credentialsText(files.keys, held)]);
    this.writtenCredentials = text;
  }

  private noteFailed(error: unknown): void {
    if (!this.hasFailed)
      this.dependencies.logger.error(
        'the snapshot cannot be written; a restart without Redis would know no keys',
        {
          error,
        },
      );
    this.hasFailed = true;
  }
}
