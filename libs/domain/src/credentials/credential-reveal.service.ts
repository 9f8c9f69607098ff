import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, newId } from '@signalbox/common';
import { type CredentialEntity, type CredentialVersionEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK } from '@signalbox/domain/core';
import type { EntityManager } from 'typeorm';
import { inEnvironment } from './credential-input';
import { CredentialRepository } from './credential.repository';
import { CredentialSecrets } from './credential-secrets';
import type { RevealedCredential } from './credential.types';
import { knownCredential } from './known-credential';

interface Noted {
  credential: CredentialEntity;
  version: CredentialVersionEntity;
}

const revealedAction = 'byok_key_accessed';
const revealsPerMinute = 30;
const windowMs = 60_000;

/**
 * For products that call a provider themselves. The audit event is written before the secret is read, and the events
 * are what is counted: so nothing is shown that is not on record, and no two requests can share the last free place.
 */
@Injectable()
export class CredentialRevealService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly credentials: CredentialRepository,
    private readonly secrets: CredentialSecrets,
    private readonly audit: AuditTrail,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async reveal(caller: Caller, id: string, reason: string | null): Promise<RevealedCredential> {
    requireScope(caller, 'credentials:reveal');
    const noted = await this.note(caller, id, reason);
    try {
      return await this.read(noted);
    } catch (error) {
      // Replaced, and the old value erased, between the look at the row and the look into the store.
      if (!(await this.isReplaced(caller, id, noted.version))) throw error;
      return this.read(await this.note(caller, id, reason));
    }
  }

  private async read({ credential, version }: Noted): Promise<RevealedCredential> {
    return { credential, secret: await this.secrets.read(version) };
  }

  private async note(caller: Caller, id: string, reason: string | null): Promise<Noted> {
    return this.transactions.run(tenantOf(caller), async (manager) => {
      await this.takePlace(manager, caller);
      const credential = readable(knownCredential(await this.credentials.find(manager, id)));
      const version = await this.credentials.findVersion(manager, credential.currentVersionId ?? '');
      if (!version || version.erasedAt !== null) throw notReadable('It has no value that could be shown.');
      await this.audit.record(manager, caller, {
        action: revealedAction,
        targetType: 'credential',
        targetId: id,
        organizationId: credential.organizationId,
        changes: { by: 'reveal', reason, fingerprint: version.fingerprint },
      });
      return { credential, version };
    });
  }

  private async isReplaced(caller: Caller, id: string, version: CredentialVersionEntity): Promise<boolean> {
    const now = await this.transactions.run(tenantOf(caller), (manager) =>
      this.credentials.find(manager, id),
    );
    return now !== null && now.currentVersionId !== version.id;
  }

  /** One request of a token after the other, so that each counts all that came before it. */
  private async takePlace(manager: EntityManager, caller: Caller): Promise<void> {
    await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `reveal:${caller.actorId}`,
    ]);
    const since = new Date(this.clock.nowMs() - windowMs);
    // Ids begin with the time, so the primary key finds the last minute; the second before it is for its random rest.
    const rows = await manager.query<{ count: number; oldest: Date | null }[]>(
      `SELECT count(*)::int AS count, min(occurred_at) AS oldest FROM audit_events
       WHERE id > $1 AND occurred_at > $2 AND actor_id = $3 AND action = $4 AND changes->>'by' = 'reveal'`,
      [newId('auditEvent', since.getTime() - 1_000), since, caller.actorId, revealedAction],
    );
    const { count = 0, oldest = null } = rows[0] ?? {};
    if (count < revealsPerMinute) return;
    const freeInMs = (oldest?.getTime() ?? since.getTime()) - since.getTime();
    throw new AppError(
      'reveal_rate_limited',
      `A token may reveal ${revealsPerMinute} secrets a minute. Keep what you have read for a while, or ask again later.`,
      { retryAfterSeconds: Math.max(1, Math.ceil(freeInMs / 1_000)) },
    );
  }
}

function readable(credential: CredentialEntity): CredentialEntity {
  if (credential.source === 'env') {
    throw inEnvironment(credential, 'nobody else can read it');
  }
  if (credential.enabled) return credential;
  throw notReadable('It is disabled. Enable it first (PATCH with enabled: true).');
}

function notReadable(detail: string): AppError {
  return new AppError('credential_not_readable', detail);
}
