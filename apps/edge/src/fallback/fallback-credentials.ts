import type { Clock } from '@signalbox/common';
import type { ProjectionStore } from '../keys/projection-store';
import {
  type FallbackBroker,
  type Lease,
  type LeaseAnswer,
  type LeaseQuestion,
  questionLimit,
} from './fallback-broker';

/** What a call pays with. */
export interface UsableKey {
  readonly secret: string;
  readonly baseUrl: string | null;
  readonly baseUrlIsTrusted: boolean;
}

/** A key in the snapshot; whoever writes it to disk seals it. */
export interface SnapshotCredential {
  readonly credential_id: string;
  readonly owner_key: string;
  readonly fingerprint: string;
  readonly secret: string;
  readonly base_url: string | null;
  readonly base_url_is_trusted: boolean;
  readonly usable_until_ms: number;
  /** Of the owner's document when it was fetched: another one means that the key may be another too. */
  readonly document_version: number;
}

/** A key to have, and by whose right. */
export interface WantedKey extends LeaseQuestion {
  readonly ownerKey: string;
}

interface Held extends Omit<Lease, 'freshForMs' | 'usableForMs'> {
  readonly askedAtMs: number;
  readonly freshUntilMs: number;
  readonly usableUntilMs: number;
  readonly documentVersion: number;
  /** Since when the owner's document is another one; null: it is not. */
  changedAtMs: number | null;
}

export interface FallbackCredentialsDependencies {
  broker: FallbackBroker;
  store: ProjectionStore;
  clock: Clock;
  /** What the edge's own environment has. */
  variables: ReadonlyMap<string, string>;
}

/** After a switch the old value goes on being accepted for longer than this: a rotation waits before it retires it. */
const changedGraceMs = 5_000;
/** A call waits for it; what is fetched ahead may take longer. */
const timeoutMs = { call: 2_000, ahead: 8_000 };
/** While the broker is away, calls do not wait for it one by one. */
const awayPauseMs = 1_000;
const heldLimit = 5_000;

/**
 * Provider keys in this process's memory, for the time when LiteLLM is down. Who may use which is the plan's word, by the
 * projection; here is only what they are. A key that its owner's document no longer lists is forgotten.
 */
export class FallbackCredentials {
  private readonly held = new Map<string, Held>();
  private readonly flights = new Map<string, Promise<LeaseAnswer>>();
  private awayUntilMs = 0;

  constructor(private readonly dependencies: FallbackCredentialsDependencies) {}

  /** A key of the edge's own environment needs no broker. */
  ofVariable(variable: string): UsableKey | null {
    const secret = this.dependencies.variables.get(variable);
    return secret === undefined ? null : { secret, baseUrl: null, baseUrlIsTrusted: true };
  }

  /** @returns null: there is none, or nobody can say */
  async find(wanted: WantedKey): Promise<UsableKey | null> {
    const held = this.current(wanted);
    if (held && !this.hasChanged(held)) {
      if (this.nowMs() >= held.freshUntilMs) void this.ask(wanted);
      return this.usable(held);
    }
    const answer = await this.ask(wanted);
    if (answer === 'refused') return null;
    if (answer !== 'away') return this.usable(this.held.get(wanted.credentialId) ?? null);
    // Nobody can say whether its value is another one now.
    const changedAtMs = held?.changedAtMs ?? null;
    const isInGrace = changedAtMs !== null && this.nowMs() - changedAtMs < changedGraceMs;
    return isInGrace ? this.usable(this.current(wanted)) : null;
  }

  /** Whether it should be fetched (again), so that it is there when it is needed. */
  isDue(wanted: WantedKey): boolean {
    if (!this.isListed(wanted)) return false;
    const held = this.current(wanted);
    if (!held || this.hasChanged(held)) return true;
    return this.nowMs() - held.askedAtMs > (held.usableUntilMs - held.askedAtMs) / 3;
  }

  /** Fetches all of them, in several questions if need be, until the broker is away. @returns in the order of `wanted` */
  async fetch(wanted: readonly WantedKey[]): Promise<readonly LeaseAnswer[]> {
    const all: LeaseAnswer[] = [];
    for (let start = 0; start < wanted.length; start += questionLimit) {
      const answers = await this.askAll(wanted.slice(start, start + questionLimit), timeoutMs.ahead);
      if (!answers) break;
      all.push(...answers);
    }
    return wanted.map((_, index) => all[index] ?? 'away');
  }

  /** Forgets what is too old or no longer its owner's. */
  sweep(): void {
    for (const [credentialId, { ownerKey }] of this.held) this.current({ credentialId, ownerKey });
  }

  /** The owner's document lists it as one that may pay. */
  isListed({ credentialId, ownerKey }: Pick<WantedKey, 'credentialId' | 'ownerKey'>): boolean {
    const document = this.dependencies.store.get('credentials', ownerKey);
    const found = document?.credentials.find(({ id }) => id === credentialId);
    return found !== undefined && !['invalid', 'expired', 'unreadable'].includes(found.state);
  }

  exportForSnapshot(): SnapshotCredential[] {
    this.sweep();
    return [...this.held].flatMap(([credentialId, held]) => {
      if (held.secret === null || this.hasChanged(held)) return [];
      return [
        {
          credential_id: credentialId,
          owner_key: held.ownerKey,
          fingerprint: held.fingerprint,
          secret: held.secret,
          base_url: held.baseUrl,
          base_url_is_trusted: held.baseUrlIsTrusted,
          usable_until_ms: held.usableUntilMs,
          document_version: held.documentVersion,
        },
      ];
    });
  }

  /** After the snapshot's documents are in the store. What was fetched in the meantime is newer. */
  importFromSnapshot(credentials: readonly SnapshotCredential[]): void {
    for (const one of credentials) {
      if (this.held.has(one.credential_id)) continue;
      this.keep(one.credential_id, {
        ownerKey: one.owner_key,
        fingerprint: one.fingerprint,
        secret: one.secret,
        environmentVariable: null,
        baseUrl: one.base_url,
        baseUrlIsTrusted: one.base_url_is_trusted,
        askedAtMs: 0,
        freshUntilMs: 0,
        usableUntilMs: one.usable_until_ms,
        documentVersion: one.document_version,
        changedAtMs: null,
      });
    }
    this.sweep();
  }

  clear(): void {
    this.held.clear();
  }

  private nowMs(): number {
    return this.dependencies.clock.nowMs();
  }

  private current(wanted: Pick<WantedKey, 'credentialId' | 'ownerKey'>): Held | null {
    const held = this.held.get(wanted.credentialId);
    if (!held) return null;
    const isGood =
      held.ownerKey === wanted.ownerKey && this.nowMs() < held.usableUntilMs && this.isListed(wanted);
    if (isGood) return held;
    this.held.delete(wanted.credentialId);
    return null;
  }

  /** One credential of the owner changed: it may be this one. */
  private hasChanged(held: Held): boolean {
    if (this.versionOf(held.ownerKey) === held.documentVersion) held.changedAtMs = null;
    else held.changedAtMs ??= this.nowMs();
    return held.changedAtMs !== null;
  }

  private versionOf(ownerKey: string): number {
    return this.dependencies.store.get('credentials', ownerKey)?.v ?? -1;
  }

  private usable(held: Held | null): UsableKey | null {
    if (!held) return null;
    const { secret, environmentVariable, baseUrl, baseUrlIsTrusted } = held;
    if (secret !== null) return { secret, baseUrl, baseUrlIsTrusted };
    return environmentVariable === null ? null : this.ofVariable(environmentVariable);
  }

  /** Calls that need the same key at the same time wait for one answer. */
  private async ask(wanted: WantedKey): Promise<LeaseAnswer> {
    const version = this.versionOf(wanted.ownerKey);
    const name = `${wanted.credentialId} ${wanted.keyHash} ${version}`;
    const running = this.flights.get(name);
    if (running) return running;
    if (this.nowMs() < this.awayUntilMs) return 'away';
    const flight = this.askAll([wanted], timeoutMs.call)
      .then((answers) => answers?.[0] ?? 'away')
      .finally(() => this.flights.delete(name));
    this.flights.set(name, flight);
    return flight;
  }

  private async askAll(
    wanted: readonly WantedKey[],
    withinMs: number,
  ): Promise<readonly LeaseAnswer[] | null> {
    const askedAtMs = this.nowMs();
    // What changes while the question is on its way is not in the answer for certain.
    const versions = wanted.map(({ ownerKey }) => this.versionOf(ownerKey));
    const answers = await this.dependencies.broker.ask(wanted, withinMs);
    this.awayUntilMs = answers ? 0 : this.nowMs() + awayPauseMs;
    wanted.forEach((one, index) => this.take(one, answers?.[index], askedAtMs, versions[index] ?? -1));
    return answers;
  }

  private take(
    { credentialId, ownerKey }: WantedKey,
    answer: LeaseAnswer | undefined,
    askedAtMs: number,
    documentVersion: number,
  ): void {
    if (answer === undefined || answer === 'away') return;
    if (answer === 'refused' || answer.ownerKey !== ownerKey) return void this.held.delete(credentialId);
    const { freshForMs, usableForMs, ...lease } = answer;
    this.keep(credentialId, {
      ...lease,
      askedAtMs,
      freshUntilMs: askedAtMs + freshForMs,
      usableUntilMs: askedAtMs + usableForMs,
      documentVersion,
      changedAtMs: null,
    });
  }

  /** The one that was fetched longest ago makes room. */
  private keep(credentialId: string, held: Held): void {
    this.held.delete(credentialId);
    const oldest = this.held.keys().next();
    if (this.held.size >= heldLimit && !oldest.done) this.held.delete(oldest.value);
    this.held.set(credentialId, held);
  }
}
