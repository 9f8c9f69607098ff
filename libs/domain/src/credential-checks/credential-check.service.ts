import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, type Logger } from '@signalbox/common';
import { type CredentialEntity, TenantTransactions } from '@signalbox/database';
import { CLOCK, LOGGER } from '@signalbox/domain/core';
import type { ProbeResult } from '@signalbox/domain/provider-drivers';
import { JobProducer } from '@signalbox/jobs';
import type { EntityManager } from 'typeorm';
import { type CheckAnswer, isProbeResult } from './check-answer';
import { CredentialAsker } from './credential-asker.service';
import { CredentialCheckRepository, type CredentialToCheck, groupOf } from './credential-check.repository';
import { OutcomeWriter } from './outcome-writer.service';
import {
  byRequest,
  bySchedule,
  byToken,
  type KindTarget,
  ProviderProber,
  type Urgency,
} from './provider-prober.service';
import { busyResult } from './unasked-results';

export interface CheckedCredential {
  /** As it is after the check, with its provider. */
  credential: CredentialEntity;
  /** null: there was no answer within the limit, or there is nobody to ask. */
  result: ProbeResult | null;
}

/** Longer than any check takes. Should this process die, its credentials are due again after this time. */
const leaseMs = 60_000;
const probeLimitMs = 30_000;
/** So that providers that let us wait hold up nobody else's checks. */
const lanes = 8;

@Injectable()
export class CredentialCheckService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: CredentialCheckRepository,
    private readonly asker: CredentialAsker,
    private readonly prober: ProviderProber,
    private readonly writer: OutcomeWriter,
    private readonly jobs: JobProducer,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Asks the provider now and writes down what it says; past the limit the check is left to the worker. Who may ask is for
   * the caller to know.
   * @param actorId the service token whose own limit this counts against; null: nobody's
   * @throws AppError when that limit is reached
   */
  async checkNow(
    credentialId: string,
    limitMs: number,
    actorId: string | null = null,
  ): Promise<CheckedCredential> {
    const toCheck = await this.transactions.run('platform', (manager) =>
      this.repository.take(manager, credentialId, this.leaseEnd()),
    );
    if (!toCheck) return { credential: await this.current(credentialId), result: null };
    const urgency = actorId === null ? byRequest : byToken(actorId);
    const answer = await this.askOrGiveBack(toCheck, urgency, AbortSignal.timeout(limitMs));
    if (answer === null) {
      await this.hint();
      return { credential: await this.current(credentialId), result: null };
    }
    await this.writer.write(toCheck.credential, answer);
    return {
      credential: await this.current(credentialId),
      result: isProbeResult(answer) ? answer : null,
    };
  }

  /** Checks what is due, until nothing is. Any number of workers may do so at once. @returns how many were checked */
  async checkDue(signal: AbortSignal): Promise<number> {
    // Groups of which the provider's limit is reached: they stay due, for the next round.
    const without = new Set<string>();
    const counts = await Promise.all(Array.from({ length: lanes }, () => this.workOff(without, signal)));
    await this.prober.forgetOld();
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** In the caller's transaction: it is due from now on. `hint` after the commit makes it a matter of a moment. */
  async requestCheck(manager: EntityManager, credentialId: string): Promise<void> {
    await this.repository.setNextCheck(manager, credentialId, this.clock.now());
  }

  /** Only a hint: the worker looks by itself every few seconds. */
  async hint(): Promise<void> {
    await this.jobs.add('credential.check_due', {});
  }

  /** Only asks: nothing is written down. Within the limits for each host, so it may have to wait for its turn. */
  async probe(target: KindTarget, signal = AbortSignal.timeout(probeLimitMs)): Promise<ProbeResult> {
    const result = await this.prober.ask(target, byRequest, signal);
    return result ?? busyResult;
  }

  private async workOff(without: Set<string>, signal: AbortSignal): Promise<number> {
    let count = 0;
    while (!signal.aborted) {
      const toCheck = await this.transactions.run('platform', (manager) =>
        this.repository.takeDue(manager, this.clock.now(), this.leaseEnd(), [...without]),
      );
      if (!toCheck) break;
      if (await this.check(toCheck, signal)) count += 1;
      else without.add(groupOf(toCheck.credential));
    }
    return count;
  }

  /** @returns false when the provider's limit is reached */
  private async check(toCheck: CredentialToCheck, signal: AbortSignal): Promise<boolean> {
    const { credential } = toCheck;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(probeLimitMs)]);
    try {
      const answer = await this.askOrGiveBack(toCheck, bySchedule, limit);
      if (answer) await this.writer.write(credential, answer);
      return answer !== null;
    } catch (error) {
      // One that cannot be checked must not hold up the others; its lease ends, and it comes again.
      this.logger.error('a credential could not be checked', { credential_id: credential.id, error });
      return true;
    }
  }

  /** @returns null when nothing could be asked: the credential is due again at once */
  private async askOrGiveBack(
    toCheck: CredentialToCheck,
    urgency: Urgency,
    signal: AbortSignal,
  ): Promise<CheckAnswer | null> {
    let answer: CheckAnswer | null = null;
    try {
      answer = await this.asker.ask(toCheck, urgency, signal);
      return answer;
    } finally {
      if (answer === null) await this.giveBack(toCheck);
    }
  }

  private async giveBack({ credential, dueAt }: CredentialToCheck): Promise<void> {
    await this.transactions.run('platform', (manager) =>
      this.repository.setNextCheck(manager, credential.id, dueAt ?? this.clock.now()),
    );
  }

  private async current(id: string): Promise<CredentialEntity> {
    const credential = await this.transactions.run('platform', (manager) =>
      this.repository.find(manager, id),
    );
    if (credential) return credential;
    throw new AppError(
      'credential_not_found',
      'Check the id: GET /api/v1/credentials lists those that you may see.',
    );
  }

  private leaseEnd(): Date {
    return new Date(this.clock.nowMs() + leaseMs);
  }
}
