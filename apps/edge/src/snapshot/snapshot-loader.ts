import { performance } from 'node:perf_hooks';
import type { Clock, Logger } from '@signalbox/common';
import type { LastContact } from '../keys/last-contact';
import type { ProjectionFeed } from '../keys/projection-feed';
import type { ProjectionEntry, ProjectionStore } from '../keys/projection-store';
import { type AuthenticFile, FileRefused } from './authentic-file';
import { parseProjectionEntries, parseProjectionHeader, type ProjectionHeader } from './projection-lines';
import {
  parseCredentials,
  parseState,
  type SnapshotCredential,
  type SnapshotState,
} from './snapshot-contents';
import type { SnapshotFile, SnapshotFiles } from './snapshot-files';

/** Clocks of one host do not jump forward by more; a file from further ahead says that the clock is wrong. */
const aheadToleranceMs = 60_000;

export interface SnapshotLoaderDependencies {
  files: SnapshotFiles;
  store: ProjectionStore;
  feed: ProjectionFeed;
  contact: LastContact;
  /** The edge's own bound; workspaces may have longer ones. */
  offlineMs: number;
  clock: Clock;
  logger: Logger;
}

export interface LoadedProjection {
  mac: string;
  contactAtMs: number;
}

/** Reads what an earlier process wrote. What cannot be used is left where it is, and the log says why. */
export class SnapshotLoader {
  constructor(private readonly dependencies: SnapshotLoaderDependencies) {}

  readState(): Promise<SnapshotState | null> {
    return this.guarded('state', async () => {
      const file = await this.dependencies.files.read('state');
      return file && this.known(parseState(file.body));
    });
  }

  readCredentials(): Promise<readonly SnapshotCredential[] | null> {
    const { files } = this.dependencies;
    return this.guarded('credentials', async () => {
      const file = await files.read('credentials');
      return file && this.known(parseCredentials(files.keys, file.body));
    });
  }

  /** Fills the store, unless Redis has done so meanwhile. @returns null: it did not */
  loadProjection(state: SnapshotState | null): Promise<LoadedProjection | null> {
    return this.guarded('projection', async () => {
      const startMs = performance.now();
      const file = await this.dependencies.files.read('projection');
      if (!file) return null;
      const head = this.known(parseProjectionHeader(file.body));
      const contactAtMs = this.checkAge(file, head, state);
      const entries = await parseProjectionEntries(file.body, head.unreadable);
      if (this.dependencies.feed.health().isLoaded) return null;
      this.putInPlace(head, entries, contactAtMs, performance.now() - startMs);
      return { mac: file.mac, contactAtMs };
    });
  }

  private checkAge({ mac }: AuthenticFile, head: ProjectionHeader, state: SnapshotState | null): number {
    const { offlineMs, clock } = this.dependencies;
    const laterMs = state?.projection_mac === mac ? state.contact_at_ms : 0;
    const contactAtMs = Math.max(head.contact_at_ms, laterMs);
    const ageMs = clock.nowMs() - contactAtMs;
    if (ageMs < -aheadToleranceMs)
      throw new FileRefused('it is from the future: check the clock of this host');
    const boundMs = Math.max(offlineMs, (head.longest_offline_seconds ?? 0) * 1_000);
    if (ageMs > boundMs)
      throw new FileRefused(
        `Redis last confirmed it ${Math.round(ageMs / 1_000)} s ago, and ${boundMs / 1_000} s are allowed`,
      );
    return contactAtMs;
  }

  private putInPlace(
    head: ProjectionHeader,
    entries: readonly ProjectionEntry[],
    contactAtMs: number,
    tookMs: number,
  ): void {
    const { store, feed, contact, clock, logger } = this.dependencies;
    store.replaceAll(entries, []);
    contact.restore(contactAtMs);
    feed.startFromSnapshot({ epoch: head.epoch, seq: head.seq }, contactAtMs);
    logger.warn('Redis does not answer; serving from the snapshot on disk', {
      keys: store.size('key'),
      age_seconds: Math.round((clock.nowMs() - contactAtMs) / 1_000),
      took_ms: Math.round(tookMs),
    });
  }

  private known<Value>(value: Value | null): Value {
    if (value === null) throw new FileRefused('another version of the edge wrote it');
    return value;
  }

  private async guarded<Value>(file: SnapshotFile, read: () => Promise<Value | null>): Promise<Value | null> {
    const { files, logger } = this.dependencies;
    try {
      return await read();
    } catch (error) {
      const fields = { file: files.path(file) };
      if (error instanceof FileRefused) logger.error(`the snapshot is not used: ${error.message}`, fields);
      else logger.error('the snapshot is not used: it cannot be read', { ...fields, error });
      return null;
    }
  }
}
