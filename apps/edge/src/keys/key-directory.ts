import type { Clock } from '@signalbox/common';
import type {
  KeyDocument,
  OrganizationDocument,
  ProjectionField,
  WorkspaceDocument,
} from '@signalbox/gateway';
import type { ProjectionReader } from './projection-reader';
import type { ProjectionStore } from './projection-store';

/** A key and what stands above it. */
export interface Caller {
  keyHash: string;
  key: KeyDocument;
  workspace: WorkspaceDocument | null;
  organization: OrganizationDocument | null;
}

/** 'unavailable': nobody can say just now whether the key exists, so the answer must be retryable. */
export type KeyLookup = Caller | 'unknown' | 'unavailable';

const unknownForMs = 1_500;
/** Bounds the memory that random keys can take. */
const unknownLimit = 20_000;

/** Finds keys by their hash: in memory, then in Redis. Unknown ones are remembered for a moment. */
export class KeyDirectory {
  private readonly unknownUntilMs = new Map<string, number>();
  private readonly flights = new Map<string, Promise<KeyLookup>>();

  constructor(
    private readonly store: ProjectionStore,
    private readonly reader: ProjectionReader,
    private readonly clock: Clock,
  ) {}

  find(keyHash: string): KeyLookup | Promise<KeyLookup> {
    const caller = this.inMemory(keyHash);
    if (caller?.workspace && caller.organization) return caller;
    if (!caller && this.isKnownUnknown(keyHash)) return 'unknown';
    return this.inRedis(keyHash);
  }

  /** A change of this key was announced: it may exist now. */
  forgetUnknown(keyHash: string): void {
    this.unknownUntilMs.delete(keyHash);
  }

  private inMemory(keyHash: string): Caller | null {
    const key = this.store.get('key', keyHash);
    if (!key) return null;
    const workspace = this.store.get('workspace', key.workspace_id);
    return { keyHash, key, workspace, organization: this.store.get('organization', key.organization_id) };
  }

  /** Requests for one key that arrive together share one look-up. */
  private inRedis(keyHash: string): Promise<KeyLookup> {
    const running = this.flights.get(keyHash);
    if (running) return running;
    const flight = this.lookUp(keyHash)
      .catch((): KeyLookup => 'unavailable')
      .finally(() => this.flights.delete(keyHash));
    this.flights.set(keyHash, flight);
    return flight;
  }

  private async lookUp(keyHash: string): Promise<KeyLookup> {
    const isComplete = await this.load([{ kind: 'key', id: keyHash }]);
    const { key } = this.inMemory(keyHash) ?? {};
    if (!key) {
      if (!isComplete) return 'unavailable';
      this.rememberUnknown(keyHash);
      return 'unknown';
    }
    await this.load([
      { kind: 'workspace', id: key.workspace_id },
      { kind: 'organization', id: key.organization_id },
    ]);
    return this.inMemory(keyHash) ?? 'unavailable';
  }

  /** @returns whether what was not found is certain not to exist */
  private async load(fields: ProjectionField[]): Promise<boolean> {
    const { isComplete, entries } = await this.reader.readFields(fields);
    for (const entry of entries) this.store.apply(entry);
    const hasUnreadable = entries.some(({ document }) => document === null);
    return isComplete && !hasUnreadable;
  }

  private isKnownUnknown(keyHash: string): boolean {
    const untilMs = this.unknownUntilMs.get(keyHash);
    if (untilMs === undefined) return false;
    if (untilMs > this.clock.nowMs()) return true;
    this.unknownUntilMs.delete(keyHash);
    return false;
  }

  private rememberUnknown(keyHash: string): void {
    const oldest = this.unknownUntilMs.keys().next();
    if (this.unknownUntilMs.size >= unknownLimit && !oldest.done) this.unknownUntilMs.delete(oldest.value);
    this.unknownUntilMs.set(keyHash, this.clock.nowMs() + unknownForMs);
  }
}
