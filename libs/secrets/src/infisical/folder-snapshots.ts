import type { Clock } from '@signalbox/common';
import { untilAborted, within } from './deadline';
import type { KeptSecret } from './infisical-answers';
import { failureOf, InfisicalFailure } from './infisical-failure';
import type { InfisicalOptions } from './infisical-options';

export interface FolderContent {
  readonly secrets: ReadonlyMap<string, KeptSecret>;
  /** false: the folder is not there. */
  readonly isThere: boolean;
}

export interface FolderView extends FolderContent {
  readonly ageMs: number;
  /** Old, because Infisical does not answer. */
  readonly isLastKnownGood: boolean;
}

interface Snapshot extends FolderContent {
  readonly loadNumber: number;
  readonly loadedAtMs: number;
  readonly refreshAtMs: number;
}

interface Load {
  readonly number: number;
  readonly done: Promise<Snapshot>;
}

interface Folder {
  readonly path: string;
  snapshot: Snapshot | null;
  load: Load | null;
  /** What was asked for up to this load may be from before a change. */
  staleUpTo: number;
  refusal: { failure: InfisicalFailure; untilMs: number } | null;
  readonly missing: Map<string, number>;
}

const refreshJitter = 0.1;
const maxMissingNames = 1_000;

/**
 * What each folder held when Infisical last said so; in memory only. An old answer is served while a newer one cannot be
 * had (network, 5xx, 429, time-out), for a bounded time; never after Infisical refused or did not find.
 */
export class FolderSnapshots {
  /** By path: project and environment are the store's own, the same for all. The oldest use comes first. */
  private readonly folders = new Map<string, Folder>();
  private loads = 0;

  constructor(
    private readonly fetchFolder: (signal: AbortSignal, path: string) => Promise<FolderContent>,
    private readonly maxStaleMs: number,
    private readonly options: InfisicalOptions,
    private readonly clock: Clock,
  ) {}

  async view(path: string): Promise<FolderView> {
    const folder = this.folder(path);
    const { snapshot, refusal } = folder;
    const nowMs = this.clock.nowMs();
    if (refusal && nowMs < refusal.untilMs) throw refusal.failure;
    if (!snapshot || nowMs - snapshot.loadedAtMs >= this.options.freshForMs) return this.renewed(folder);
    if (this.isStale(folder)) return this.renewed(folder);
    if (nowMs >= snapshot.refreshAtMs) this.loadOf(folder).done.catch(() => undefined);
    return this.viewOf(snapshot, false);
  }

  /** Asked for after this call began: what a load under way says may be older than that. */
  async newView(path: string): Promise<FolderView> {
    const folder = this.folder(path);
    const begun = this.loads;
    while (folder.load && folder.load.number <= begun) await folder.load.done.catch(() => undefined);
    return this.viewOf(await this.loadOf(folder).done, false);
  }

  /** The next view asks Infisical. */
  invalidate(path: string): void {
    const folder = this.folders.get(path);
    if (folder) this.markStale(folder);
  }

  invalidateUnder(path: string): void {
    const prefix = path === '/' ? '/' : `${path}/`;
    for (const folder of this.folders.values()) {
      if (folder.path === path || folder.path.startsWith(prefix)) this.markStale(folder);
    }
  }

  /** Right away, also if Infisical is not reached any more: what is being deleted must not come back out of here. */
  forget(path: string, name: string): void {
    const folder = this.folders.get(path);
    if (!folder) return;
    if (folder.snapshot) {
      const secrets = new Map(folder.snapshot.secrets);
      secrets.delete(name);
      folder.snapshot = { ...folder.snapshot, secrets };
    }
    this.markStale(folder);
  }

  isKnownMissing(path: string, name: string): boolean {
    const untilMs = this.folders.get(path)?.missing.get(name);
    return untilMs !== undefined && this.clock.nowMs() < untilMs;
  }

  rememberMissing(path: string, name: string): void {
    const { missing } = this.folder(path);
    if (missing.size >= maxMissingNames) missing.clear();
    missing.set(name, this.clock.nowMs() + this.options.negativeForMs);
  }

  clear(): void {
    this.folders.clear();
  }

  private async renewed(folder: Folder): Promise<FolderView> {
    const { done } = this.loadOf(folder);
    try {
      return this.viewOf(await this.patiently(folder, done), false);
    } catch (error) {
      const failure = failureOf(error);
      const { snapshot } = folder;
      if (failure.kind !== 'unavailable' || !snapshot || !this.isBounded(snapshot)) throw failure;
      return this.viewOf(snapshot, true);
    }
  }

  /** With an old answer at hand, a new one is waited for only shortly; not if a change is known of. */
  private patiently(folder: Folder, done: Promise<Snapshot>): Promise<Snapshot> {
    const { snapshot } = folder;
    if (!snapshot || !this.isBounded(snapshot) || this.isStale(folder)) return done;
    done.catch(() => undefined);
    return within(this.options.patienceMs, (signal) => untilAborted(signal, done));
  }

  private loadOf(folder: Folder): Load {
    if (folder.load && folder.load.number > folder.staleUpTo) return folder.load;
    this.loads += 1;
    const number = this.loads;
    const done = this.load(folder, number).finally(() => {
      if (folder.load?.number === number) folder.load = null;
    });
    folder.load = { number, done };
    return folder.load;
  }

  private async load(folder: Folder, number: number): Promise<Snapshot> {
    const { options, clock } = this;
    const askedAtMs = clock.nowMs();
    try {
      const content = await within(options.readTimeoutMs, (signal) => this.fetchFolder(signal, folder.path));
      const jitter = 1 + refreshJitter * (2 * options.random() - 1);
      const refreshAtMs = askedAtMs + options.refreshAfterMs * jitter;
      const snapshot = { ...content, loadNumber: number, loadedAtMs: askedAtMs, refreshAtMs };
      if (number > folder.staleUpTo) Object.assign(folder, { snapshot, refusal: null });
      return snapshot;
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind !== 'unavailable') this.drop(folder, failure);
      throw failure;
    }
  }

  private drop(folder: Folder, failure: InfisicalFailure): void {
    folder.snapshot = null;
    folder.refusal = { failure, untilMs: this.clock.nowMs() + this.options.negativeForMs };
  }

  private markStale(folder: Folder): void {
    folder.staleUpTo = this.loads;
    folder.refusal = null;
    folder.missing.clear();
  }

  private isStale({ snapshot, staleUpTo }: Folder): boolean {
    return snapshot !== null && snapshot.loadNumber <= staleUpTo;
  }

  private isBounded(snapshot: Snapshot): boolean {
    return this.clock.nowMs() - snapshot.loadedAtMs <= this.maxStaleMs;
  }

  private viewOf(snapshot: Snapshot, isLastKnownGood: boolean): FolderView {
    const { secrets, isThere, loadedAtMs } = snapshot;
    const ageMs = Math.max(0, this.clock.nowMs() - loadedAtMs);
    return { secrets, isThere, ageMs, isLastKnownGood };
  }

  /** Makes it the latest used one, and lets the one that was not used for longest go. */
  private folder(path: string): Folder {
    const known = this.folders.get(path);
    const folder = known ?? {
      path,
      snapshot: null,
      load: null,
      staleUpTo: 0,
      refusal: null,
      missing: new Map<string, number>(),
    };
    this.folders.delete(path);
    this.folders.set(path, folder);
    if (this.folders.size > this.options.maxFolders) {
      this.folders.delete(this.folders.keys().next().value!);
    }
    return folder;
  }
}
