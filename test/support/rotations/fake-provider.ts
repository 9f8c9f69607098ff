import {
  type KeyManagement,
  type MadeKey,
  type ProbeOutcome,
  type ProbeResult,
  type ProviderDriver,
  ProviderKeyError,
  type ProviderKeyFailure,
} from '@signalbox/domain/provider-drivers';
import type { KillSwitch } from './kill-switch';

export interface ProviderSideKey {
  readonly externalId: string;
  readonly secret: string;
  readonly label: string | null;
  isRevoked: boolean;
}

const adminSecret = 'admin-key-0123456789';

/** A provider in memory that knows which keys it gave out. */
export class FakeProvider implements ProviderDriver {
  readonly kind = 'openai';
  readonly keysThere: ProviderSideKey[] = [];
  /** Answers to the next probes, in place of the truth. */
  readonly nextOutcomes: ProbeOutcome[] = [];
  /** Failures of the next calls of key management, by the name of the call. */
  readonly nextFailures: { call: keyof KeyManagement; reason: ProviderKeyFailure; isDone: boolean }[] = [];
  /** Awaited inside of createKey, after the key was made. */
  beforeAnswer: (() => Promise<void>) | null = null;
  readonly keys: KeyManagement;
  private count = 0;

  constructor(
    private readonly kill: KillSwitch,
    private readonly isSelfRotating = false,
  ) {
    this.keys = this.management();
  }

  hostOf(): string {
    return 'provider.test';
  }

  /** As a person does it in the console. */
  add(secret: string, label: string | null = null): ProviderSideKey {
    const key = { externalId: `ext_${(this.count += 1)}`, secret, label, isRevoked: false };
    this.keysThere.push(key);
    return key;
  }

  isGood(secret: string | undefined): boolean {
    return this.keysThere.some((key) => key.secret === secret && !key.isRevoked);
  }

  living(label: string): ProviderSideKey[] {
    return this.keysThere.filter((key) => key.label === label && !key.isRevoked);
  }

  probe({ secret }: { secret: string }): Promise<ProbeResult> {
    return this.kill.around(async () => {
      const outcome = this.nextOutcomes.shift() ?? (this.isGood(secret) ? 'valid' : 'invalid');
      return Promise.resolve(probeResult(outcome));
    });
  }

  private management(): KeyManagement {
    return {
      canCreateKeys: true,
      needsAdminCredential: !this.isSelfRotating,
      problemOf: () => null,
      createKey: (access, label) => this.managed('createKey', access.secret, () => this.make(label)),
      revokeKey: (access, externalId) =>
        this.managed('revokeKey', access.secret, () => {
          const gone = this.keysThere.filter((key) =>
            this.isSelfRotating ? key.secret === access.secret : key.externalId === externalId,
          );
          for (const key of gone) key.isRevoked = true;
        }),
      findKeys: (access, label) =>
        this.managed('findKeys', access.secret, () => (this.isSelfRotating ? [] : this.living(label))),
    };
  }

  private make(label: string): MadeKey {
    const { externalId, secret } = this.add(`sk-made-${this.count}-0123456789`, label);
    return { externalId, secret, expiresAt: null };
  }

  private async managed<Result>(
    call: keyof KeyManagement,
    secret: string,
    work: () => Result,
  ): Promise<Result> {
    return this.kill.around(async () => {
      const index = this.nextFailures.findIndex((failure) => failure.call === call);
      const [failure] = index < 0 ? [] : this.nextFailures.splice(index, 1);
      if (failure && !failure.isDone) throw new ProviderKeyError(failure.reason, 'The provider said no.');
      const isAllowed = this.isSelfRotating ? this.isGood(secret) : secret === adminSecret;
      if (!isAllowed) throw new ProviderKeyError('refused', 'The key may not do that.', 401);
      const result = work();
      if (failure) throw new ProviderKeyError(failure.reason, 'The answer was lost.');
      if (call === 'createKey') await this.beforeAnswer?.();
      return result;
    });
  }
}

export { adminSecret };

export function probeResult(outcome: ProbeOutcome): ProbeResult {
  return {
    outcome,
    httpStatus: outcome === 'unreachable' ? null : 200,
    code: null,
    detail: `The provider says ${outcome}.`,
    retryAfterMs: null,
    expiresAt: null,
    certainty: 'sure',
  };
}
