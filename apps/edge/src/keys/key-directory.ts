import type { Clock } from '@signalbox/common';
import {
  type KeyDocument,
  type OrganizationDocument,
  type ProjectionField,
  type RoutingPolicy,
  settingsDocumentId,
  type WorkspaceDocument,
} from '@signalbox/gateway';
import type { LastContact } from './last-contact';
import type { ProjectionReader } from './projection-reader';
import type { ProjectionStore } from './projection-store';
import { RoutingLayers } from './routing-layers';

/** A key and what stands above it. */
export interface Caller {
  keyHash: string;
  key: KeyDocument;
  workspace: WorkspaceDocument | null;
  organization: OrganizationDocument | null;
  /** What platform, organization and workspace say together. */
  routing: RoutingPolicy;
  /** How long a provider may take by the platform's rules alone: what a tenant allows less is no failure of a key that all share. */
  platformFirstByteMs: number;
}

/**
 * 'unavailable': nobody can say just now whether the key exists, so the answer must be retryable.
 * 'outdated': this edge has been cut off from Redis for longer than it may vouch for the key; another one may know.
 */
export type KeyLookup = Caller | 'unknown' | 'unavailable' | 'outdated';

const unknownForMs = 1_500;
/** Bounds the memory that random keys can take. */
const unknownLimit = 20_000;

/** Finds keys by their hash: in memory, then in Redis. Unknown ones are remembered for a moment. */
export class KeyDirectory {
  private readonly unknownUntilMs = new Map<string, number>();
  /** One object per key until a document changes: two look-ups per request, thousands of requests a second. */
  private readonly callers = new Map<string, Caller>();
  private readonly layers: RoutingLayers;
  private readonly flights = new Map<string, Promise<KeyLookup>>();

  constructor(
    private readonly store: ProjectionStore,
    private readonly reader: ProjectionReader,
    private readonly clock: Clock,
    private readonly contact: LastContact,
    /** How long a key may be served without Redis, unless its workspace says otherwise. */
    private readonly offlineMs: number,
  ) {
    this.layers = new RoutingLayers(store);
  }

  find(keyHash: string): KeyLookup | Promise<KeyLookup> {
    const caller = this.inMemory(keyHash);
    if (caller?.workspace && caller.organization) {
      return this.isOutdated(caller) ? 'outdated' : caller;
    }
    if (!caller && this.isKnownUnknown(keyHash)) return 'unknown';
    return this.inRedis(keyHash);
  }

  /** Whether it needs no look-up: it is known to exist, or to have existed. */
  holds(keyHash: string): boolean {
    return Boolean(this.store.get('key', keyHash));
  }

  /** How long this edge has been cut off from Redis; null: it is not. */
  cutOffSeconds(): number | null {
    return this.contact.isLost() ? Math.round(this.contact.ageMs() / 1_000) : null;
  }

  /** A change of this key was announced: it may exist now. */
  forgetUnknown(keyHash: string): void {
    this.unknownUntilMs.delete(keyHash);
  }

  private isOutdated({ routing }: Caller): boolean {
    return this.contact.isPast(
      routing.offline_seconds === null ? this.offlineMs : routing.offline_seconds * 1_000,
    );
  }

  private inMemory(keyHash: string): Caller | null {
    const key = this.store.get('key', keyHash);
    if (!key) {
      this.callers.delete(keyHash);
      return null;
    }
    const workspace = this.store.get('workspace', key.workspace_id);
    const organization = this.store.get('organization', key.organization_id);
    const held = this.callers.get(keyHash);
    const routing = this.layers.of(workspace, organization);
    const isSame = held?.key === key && held.workspace === workspace && held.organization === organization;
    if (isSame && held.routing === routing) return held;
    const platformFirstByteMs = this.layers.platformFirstByteMs();
    const caller = { keyHash, key, workspace, organization, routing, platformFirstByteMs };
    this.callers.set(keyHash, caller);
    return caller;
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
      { kind: 'settings', id: settingsDocumentId },
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
