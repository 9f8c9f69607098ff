import type { StoredSecret } from '@signalbox/secrets';

interface Opened {
  readonly stored: StoredSecret;
  readonly openedAtMs: number;
}

/** The store is asked again after this, so that its own word (gone, no longer ours to read) takes effect. */
const keepMs = 60_000;
const limit = 2_000;

/**
 * Secrets that were opened a moment ago, by the version's id: the value of a version never changes. Whether a version
 * may be used at all is PostgreSQL's word, asked before each look in here.
 */
export class OpenedSecrets {
  private readonly opened = new Map<string, Opened>();
  private readonly opening = new Map<string, Promise<StoredSecret>>();

  /** `ageMs` of the result is what it is now. Two calls at a time for the same version ask the store once. */
  async get(versionId: string, nowMs: number, read: () => Promise<StoredSecret>): Promise<StoredSecret> {
    const known = this.opened.get(versionId);
    if (known && nowMs - known.openedAtMs < keepMs && nowMs >= known.openedAtMs) {
      return { ...known.stored, ageMs: known.stored.ageMs + nowMs - known.openedAtMs };
    }
    const running = this.opening.get(versionId);
    if (running) return running;
    const opening = this.open(versionId, nowMs, read).finally(() => this.opening.delete(versionId));
    this.opening.set(versionId, opening);
    return opening;
  }

  clear(): void {
    this.opened.clear();
  }

  private async open(
    versionId: string,
    nowMs: number,
    read: () => Promise<StoredSecret>,
  ): Promise<StoredSecret> {
    this.opened.delete(versionId);
    const stored = await read();
    this.makeRoom(nowMs);
    this.opened.set(versionId, { stored, openedAtMs: nowMs });
    return stored;
  }

  /** The oldest come first. */
  private makeRoom(nowMs: number): void {
    for (const [versionId, { openedAtMs }] of this.opened) {
      if (this.opened.size < limit && nowMs - openedAtMs < keepMs) return;
      this.opened.delete(versionId);
    }
  }
}
