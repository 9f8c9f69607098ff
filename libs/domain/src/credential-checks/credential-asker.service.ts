import { Inject, Injectable } from '@nestjs/common';
import type { Clock, Logger } from '@signalbox/common';
import { type CredentialEntity, TenantTransactions } from '@signalbox/database';
import { CLOCK, LOGGER } from '@signalbox/domain/core';
import { CredentialVersions } from '@signalbox/domain/credentials';
import type { ProbeResult } from '@signalbox/domain/provider-drivers';
import { SecretStoreError } from '@signalbox/secrets';
import { type CheckAnswer, expiredDetail, type UnaskedAnswer } from './check-answer';
import { CredentialCheckRepository, type CredentialToCheck } from './credential-check.repository';
import { ProviderProber, type Urgency } from './provider-prober.service';

/** After so long without another call, the account gets the benefit of the doubt. */
const creditMemoryMs = 6 * 3_600_000;
const outOfCreditDetail =
  'The provider accepts the key, but refused its last call: no credit or quota is left in the account.';

/** Reads the secret and asks the provider. No transaction is open meanwhile: both may take seconds. */
@Injectable()
export class CredentialAsker {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: CredentialCheckRepository,
    private readonly versions: CredentialVersions,
    private readonly prober: ProviderProber,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @returns null: nobody was asked in time, or the provider's limit is reached; nothing can be said */
  async ask(toCheck: CredentialToCheck, urgency: Urgency, signal: AbortSignal): Promise<CheckAnswer | null> {
    const { credential } = toCheck;
    if (credential.expiresAt !== null && credential.expiresAt <= this.clock.now()) {
      return { outcome: 'expired', detail: expiredDetail };
    }
    const secret = await this.secretOf(toCheck, signal);
    if (typeof secret !== 'string') return secret;
    const baseUrl = credential.baseUrl ?? credential.provider?.baseUrl ?? null;
    const target = {
      kind: credential.provider?.kind ?? '',
      secret,
      baseUrl,
      isTrustedUrl: credential.baseUrl === null || credential.organizationId === null,
      purpose: credential.purpose,
    };
    const result = await this.prober.ask(target, urgency, signal);
    // Whoever waited has given up: what came of it is not the provider's word.
    if (signal.aborted) return null;
    return result?.outcome === 'valid' ? this.withCalls(credential, result) : result;
  }

  /** Most providers list models to an empty account too: of its credit, only calls tell. */
  private async withCalls(credential: CredentialEntity, result: ProbeResult): Promise<ProbeResult> {
    const since = new Date(this.clock.nowMs() - creditMemoryMs);
    const isOutOfCredit = await this.transactions.run('platform', (manager) =>
      this.repository.ranOutOfCredit(manager, credential, since),
    );
    return isOutOfCredit ? { ...result, outcome: 'out_of_credit', detail: outOfCreditDetail } : result;
  }

  private async secretOf(
    { credential, version }: CredentialToCheck,
    signal: AbortSignal,
  ): Promise<string | UnaskedAnswer | null> {
    if (!version)
      return { outcome: 'secret_unreadable', detail: 'There is no value of the key. Save it anew.' };
    try {
      return await untilAborted(this.versions.readSecret(version), signal);
    } catch (error) {
      if (signal.aborted) return null;
      const answer = answerOfFailure(error);
      if (answer.outcome === 'store_unavailable') {
        this.logger.warn('a credential waits for its check: its secret cannot be read', {
          credential_id: credential.id,
          error,
        });
      }
      return answer;
    }
  }
}

function answerOfFailure(error: unknown): UnaskedAnswer {
  const isLost =
    error instanceof SecretStoreError && (error.reason === 'not_found' || error.reason === 'unreadable');
  if (isLost) return { outcome: 'secret_unreadable', detail: `${error.message} Save the key anew.` };
  return { outcome: 'store_unavailable', detail: 'The secret store does not answer.' };
}

async function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(new Error('there is no time left'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
    work.catch(() => undefined);
  }
}
