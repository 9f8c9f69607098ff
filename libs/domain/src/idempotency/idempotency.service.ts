import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, type Logger, type NamedKey, seal, unseal } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { type Caller, type IdempotencyClaim, tenantOf } from '@signalbox/domain/access';
import { CLOCK, ENCRYPTION_KEYS, FINGERPRINT_KEY, LOGGER } from '@signalbox/domain/core';
import { createHmac } from 'node:crypto';
import { decideOnKnownRecord } from './idempotency.decision';
import { IdempotencyRepository } from './idempotency.repository';

/** Until its end a repetition is told to wait; after it, it may take over. */
const leaseMs = 30_000;
/** A request that waits for something (a config release) keeps its lease up. */
const renewEveryMs = 10_000;
const keptMs = 24 * 3_600_000;
const keyPattern = /^[\x21-\x7e]{1,255}$/;

export interface IdempotentRequest {
  key: string;
  method: string;
  path: string;
  body: unknown;
}

export interface ReplayedAnswer {
  status: number;
  body: unknown;
}

export type IdempotencyStart =
  { kind: 'run'; claim: IdempotencyClaim } | { kind: 'replay'; answer: ReplayedAnswer };

/**
 * The promise: within 24 hours, one key and one request make at most one change, whatever dies in between.
 * Answers of 2xx are kept, sealed, and replayed. A request that fails changes nothing and frees its key. A process
 * that dies after the change and before the answer is kept leaves `idempotency_answer_lost` (see mark-carried-out).
 */
@Injectable()
export class IdempotencyService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly records: IdempotencyRepository,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(ENCRYPTION_KEYS) private readonly encryptionKeys: NamedKey[],
    @Inject(FINGERPRINT_KEY) private readonly fingerprintKey: string | null,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async start(caller: Caller, request: IdempotentRequest): Promise<IdempotencyStart> {
    if (!keyPattern.test(request.key)) {
      throw new AppError(
        'idempotency_key_invalid',
        'Send 1 to 255 visible ASCII characters, such as a UUID.',
      );
    }
    const requestHash = this.hashOf(request);
    const now = this.clock.now();
    const lockedUntil = new Date(now.getTime() + leaseMs);
    const expiresAt = new Date(now.getTime() + keptMs);
    return this.transactions.run(tenantOf(caller), async (manager) => {
      await this.records.purgeExpired(manager, now);
      const { key } = request;
      if (await this.records.claim(manager, caller, { key, requestHash, now, lockedUntil, expiresAt })) {
        return { kind: 'run', claim: { key, claimedAt: now } };
      }
      const known = await this.records.find(manager, caller, key);
      if (!known) throw new AppError('idempotency_in_progress', 'Try again.', { retryAfterSeconds: 1 });
      const stored = decideOnKnownRecord(known, requestHash, now);
      return {
        kind: 'replay',
        answer: { status: stored.status, body: this.open(caller, key, stored.sealedResponse) },
      };
    });
  }

  /** While the request runs. @returns how to stop */
  keepClaimed(caller: Caller, claim: IdempotencyClaim): () => void {
    const timer = setInterval(() => {
      const lockedUntil = new Date(this.clock.nowMs() + leaseMs);
      void this.quietly('an Idempotency-Key could not be kept claimed', caller, (manager) =>
        this.records.renew(manager, caller, claim, lockedUntil),
      );
    }, renewEveryMs);
    timer.unref();
    return () => clearInterval(timer);
  }

  /** Never fails: the change is made, so the caller must get the answer even when it cannot be kept. */
  async keepAnswer(caller: Caller, claim: IdempotencyClaim, answer: ReplayedAnswer): Promise<void> {
    const sealed = seal(
      this.encryptionKeys,
      JSON.stringify(answer.body ?? null),
      sealedPlace(caller, claim.key),
    );
    await this.quietly('an answer was not kept for its Idempotency-Key', caller, (manager) =>
      this.records.storeAnswer(manager, caller, claim, answer.status, sealed),
    );
  }

  /** Never fails: the error that ended the request is the one to show. An unreleased claim ends with its lease. */
  async release(caller: Caller, claim: IdempotencyClaim): Promise<void> {
    await this.quietly('an Idempotency-Key was not released', caller, (manager) =>
      this.records.release(manager, caller, claim, this.clock.now()),
    );
  }

  /** With a key: the body may hold a provider key, and a bare hash would let anybody who reads it try guesses. */
  private hashOf({ method, path, body }: IdempotentRequest): string {
    const text = JSON.stringify([method, path, body ?? null]);
    return createHmac('sha256', this.fingerprintKey ?? '')
      .update(text, 'utf8')
      .digest('hex');
  }

  private open(caller: Caller, key: string, sealedResponse: string): unknown {
    const text = unseal(this.encryptionKeys, sealedResponse, sealedPlace(caller, key));
    if (text === null) throw new Error('a stored answer does not open with SIGNALBOX_ENCRYPTION_KEYS');
    return JSON.parse(text) as unknown;
  }

  private async quietly(
    failure: string,
    caller: Caller,
    work: Parameters<TenantTransactions['run']>[1],
  ): Promise<void> {
    try {
      await this.transactions.run(tenantOf(caller), work);
    } catch (error) {
      this.logger.warn(failure, { request_id: caller.requestId, error });
    }
  }
}

/** Binds a sealed answer to its row. */
function sealedPlace(caller: Caller, key: string): string {
  return `idempotency:${caller.actorId}:${key}`;
}
