import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { Clock, Logger, NamedKey } from '@signalbox/common';
import type { LastContact } from '../keys/last-contact';
import type { ProjectionFeed } from '../keys/projection-feed';
import type { ProjectionStore } from '../keys/projection-store';
import type { ActiveLitellm } from '../upstream/runner-state';
import type { SnapshotCredential } from './snapshot-contents';
import { SnapshotFiles } from './snapshot-files';
import { SnapshotLoader } from './snapshot-loader';
import { SnapshotWriter } from './snapshot-writer';

/** So long a start waits for Redis before it takes the snapshot. */
const redisWaitMs = 1_000;

export interface EdgeSnapshotDependencies {
  dir: string;
  edgeId: string;
  keys: readonly NamedKey[];
  /** One process writes, all read. */
  isWriter: boolean;
  store: ProjectionStore;
  feed: ProjectionFeed;
  contact: LastContact;
  offlineMs: number;
  watcher: { active(): ActiveLitellm | null; startWith(remembered: ActiveLitellm): void };
  credentials: {
    exportForSnapshot(): readonly SnapshotCredential[];
    importFromSnapshot(credentials: readonly SnapshotCredential[]): void;
  } | null;
  clock: Clock;
  logger: Logger;
}

/** What the edge knows, on disk: with it an edge that is started while everything else is down serves the keys that it knew. */
export class EdgeSnapshot {
  private readonly files: SnapshotFiles;
  private readonly loader: SnapshotLoader;
  private readonly writer: SnapshotWriter;
  private isHandedOver = false;

  constructor(private readonly dependencies: EdgeSnapshotDependencies) {
    const { dir, edgeId, keys, watcher, credentials } = dependencies;
    this.files = new SnapshotFiles(dir, edgeId, keys);
    this.loader = new SnapshotLoader({ ...dependencies, files: this.files });
    this.writer = new SnapshotWriter({
      ...dependencies,
      files: this.files,
      litellm: () => watcher.active(),
      credentials: () => credentials?.exportForSnapshot() ?? [],
    });
  }

  /** Before the first request: Redis is asked first, and has a second to answer if there is a snapshot to fall back on. */
  async prepare(): Promise<void> {
    const { feed, watcher, credentials, isWriter } = this.dependencies;
    const state = await this.loader.readState();
    if (state?.litellm) watcher.startWith(state.litellm);
    if (existsSync(this.files.path('projection')) && !(await feed.waitUntilLoaded(redisWaitMs))) {
      const loaded = await this.loader.loadProjection(state);
      if (loaded) this.writer.startFrom(loaded.mac, loaded.contactAtMs);
    }
    const known = await this.loader.readCredentials();
    // Each is checked against the documents, so they come after them.
    if (known) credentials?.importFromSnapshot(known);
    if (isWriter) await this.startWriter();
  }

  /** Another process of this number serves now, and writes: two in turn would each name the other's projection. */
  async handOver(): Promise<void> {
    this.isHandedOver = true;
    await this.writer.stop();
  }

  async close(): Promise<void> {
    await this.writer.stop();
    if (this.dependencies.isWriter && !this.isHandedOver) await this.writer.writeNow();
  }

  private async startWriter(): Promise<void> {
    const { dir, logger } = this.dependencies;
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      await this.files.sweep();
    } catch (error) {
      logger.error('the state directory cannot be used', { dir, error });
    }
    this.writer.start();
  }
}
