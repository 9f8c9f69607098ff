import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { AppError, type Clock, isId } from '@signalbox/common';
import type { SecretStoreConfig } from '@signalbox/config';
import { CLOCK, SECRET_STORE_CONFIG } from '@signalbox/domain/core';
import { CredentialVersions } from '@signalbox/domain/credentials';
import { providerKind } from '@signalbox/gateway';
import { SecretStoreError } from '@signalbox/secrets';
import { AccessRecord } from './access-record';
import { problemOf } from './judge-credential';
import type { Lease, LeaseAnswer, LeaseRequest } from './lease';
import { type LeasableCredential, LeaseRepository } from './lease.repository';
import { OpenedSecrets } from './opened-secrets';

const freshForMs = 30_000;
const environmentReference = /^env:(.+)$/;
const keyHashForm = /^[0-9a-f]{64}$/;
const notFound: LeaseAnswer = {
  refusal: 'credential_not_found',
  message: 'There is no such credential for this virtual key.',
};

/**
 * Hands out provider keys for calls. PostgreSQL is asked each time who may use what; only opened secrets are kept.
 * Throws AppError when PostgreSQL or the secret store is away: then nothing was said about the credential.
 */
@Injectable()
export class CredentialBroker implements OnApplicationShutdown {
  private readonly secrets = new OpenedSecrets();

  constructor(
    private readonly repository: LeaseRepository,
    private readonly versions: CredentialVersions,
    private readonly accesses: AccessRecord,
    @Inject(SECRET_STORE_CONFIG) private readonly stores: SecretStoreConfig,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async lease({ credentialId, keyHash }: LeaseRequest): Promise<LeaseAnswer> {
    if (!isId('credential', credentialId) || !keyHashForm.test(keyHash)) return notFound;
    const credential = await this.find(credentialId, keyHash);
    if (!credential) return notFound;
    const answer = await this.judge(credential);
    if ('lease' in answer) return answer;
    // Replaced, and the old value erased, between the look at the row and the look into the store: the new one is asked for.
    const now = await this.find(credentialId, keyHash);
    return now && now.version?.id !== credential.version?.id ? this.judge(now) : answer;
  }

  onApplicationShutdown(): void {
    this.secrets.clear();
  }

  private find(credentialId: string, keyHash: string): Promise<LeasableCredential | null> {
    return this.repository.find(credentialId, keyHash, this.clock.now());
  }

  private async judge(credential: LeasableCredential): Promise<LeaseAnswer> {
    const now = this.clock.now();
    const problem = problemOf(credential, now);
    if (problem !== null) return { refusal: 'credential_unusable', message: problem };
    const answer = await this.answer(credential, now);
    if ('lease' in answer) this.accesses.note(credential);
    return answer;
  }

  private async answer(credential: LeasableCredential, now: Date): Promise<LeaseAnswer> {
    const variable = environmentReference.exec(credential.reference ?? '')?.[1] ?? null;
    if (variable !== null) return { lease: this.leaseOf(credential, now, { variable }) };
    const { version } = credential;
    if (!version) return { refusal: 'credential_unusable', message: 'The provider key has no value.' };
    try {
      const stored = await this.secrets.get(version.id, now.getTime(), () =>
        this.versions.readStored(version),
      );
      return { lease: this.leaseOf(credential, now, { secret: stored.value, ageMs: stored.ageMs }) };
    } catch (error) {
      return refusalOf(error);
    }
  }

  private leaseOf(
    credential: LeasableCredential,
    now: Date,
    value: { variable: string } | { secret: string; ageMs: number },
  ): Lease {
    const isEnvironment = 'variable' in value;
    const untilExpiryMs = credential.expiresAt ? credential.expiresAt.getTime() - now.getTime() : Infinity;
    const staleMs = this.stores.maxStaleMs - (isEnvironment ? 0 : value.ageMs);
    return {
      credentialId: credential.id,
      ownerKey: credential.ownerKey,
      fingerprint: credential.version?.fingerprint ?? credential.fingerprint,
      secret: isEnvironment ? null : value.secret,
      environmentVariable: isEnvironment ? value.variable : null,
      baseUrl: baseUrlOf(credential),
      baseUrlIsTrusted: credential.ownerType === 'platform',
      freshForMs: Math.min(freshForMs, untilExpiryMs),
      usableForMs: Math.max(0, Math.min(staleMs, untilExpiryMs)),
    };
  }
}

/** As LiteLLM wants it, and the edge takes it too. */
function baseUrlOf({ baseUrl, providerKind: kind }: LeasableCredential): string | null {
  if (baseUrl === null) return null;
  return providerKind(kind ?? '')?.ownBaseUrl(baseUrl) ?? baseUrl;
}

/** A secret that is gone or cannot be opened is the credential's own trouble; anything else is not about it at all. */
function refusalOf(error: unknown): LeaseAnswer {
  if (!(error instanceof SecretStoreError)) throw error;
  if (error.reason === 'not_found' || error.reason === 'unreadable') {
    return { refusal: 'credential_unusable', message: 'The value of the provider key cannot be read.' };
  }
  throw new AppError('secret_store_unavailable', 'Try again in a few seconds.', {
    cause: error,
    retryAfterSeconds: Math.max(1, Math.ceil((error.retryAfterMs ?? 5_000) / 1_000)),
  });
}
