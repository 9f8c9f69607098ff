import { Injectable } from '@nestjs/common';
import { CredentialEntity, CredentialVersionEntity } from '@signalbox/database';
import { outOfCreditClass } from '@signalbox/domain/attempts';
import { type EntityManager, IsNull } from 'typeorm';
import type { CredentialFacts } from './apply-outcome';

/** A credential to be checked, as it was when its check began. */
export interface CredentialToCheck {
  credential: CredentialEntity;
  /** null: there is no value that could be read. */
  version: CredentialVersionEntity | null;
  /** When it was due before somebody took it. */
  dueAt: Date | null;
}

/** Credentials that share provider and address share a limit too: once it is reached, none of them is worth a look. */
export function groupOf({ providerId, baseUrl }: Pick<CredentialEntity, 'providerId' | 'baseUrl'>): string {
  return `${providerId} ${baseUrl ?? ''}`;
}

/** Environment credentials are LiteLLM's: their value is nowhere else. */
const isCheckable = `credential.enabled AND credential.deleted_at IS NULL AND credential.source <> 'env'`;

@Injectable()
export class CredentialCheckRepository {
  /** Takes the one that waits longest, for as long as the lease. Any number of workers may do so at once. */
  async takeDue(
    manager: EntityManager,
    now: Date,
    leaseUntil: Date,
    withoutGroups: readonly string[],
  ): Promise<CredentialToCheck | null> {
    const rows = await manager.query<{ id: string; due_at: Date }[]>(
      `WITH due AS (
         SELECT credential.id, credential.next_check_at FROM credentials credential
         WHERE ${isCheckable} AND credential.next_check_at <= $1
           AND credential.provider_id || ' ' || COALESCE(credential.base_url, '') <> ALL($3::text[])
         ORDER BY credential.next_check_at LIMIT 1 FOR UPDATE SKIP LOCKED),
       taken AS (
         UPDATE credentials SET next_check_at = $2 FROM due WHERE credentials.id = due.id
         RETURNING due.id, due.next_check_at AS due_at)
       SELECT id, due_at FROM taken`,
      [now, leaseUntil, withoutGroups],
    );
    const [taken] = rows;
    return taken ? this.load(manager, taken.id, taken.due_at) : null;
  }

  /** @returns null when there is no such credential, or nothing that we could check */
  async take(manager: EntityManager, id: string, leaseUntil: Date): Promise<CredentialToCheck | null> {
    const rows = await manager.query<{ id: string }[]>(
      `WITH taken AS (
         UPDATE credentials credential SET next_check_at = $2 WHERE credential.id = $1 AND ${isCheckable}
         RETURNING credential.id)
       SELECT id FROM taken`,
      [id, leaseUntil],
    );
    return rows.length > 0 ? this.load(manager, id, null) : null;
  }

  async find(manager: EntityManager, id: string): Promise<CredentialEntity | null> {
    return manager.findOne(CredentialEntity, {
      where: { id, deletedAt: IsNull() },
      relations: { provider: true },
    });
  }

  /** The platform's own key for calls there, unless LiteLLM alone has its value. */
  async findPlatformKeyId(manager: EntityManager, providerId: string): Promise<string | null> {
    const found = await manager
      .createQueryBuilder(CredentialEntity, 'credential')
      .where(
        `credential.providerId = :providerId AND credential.ownerType = 'platform'
         AND credential.purpose = 'inference' AND ${isCheckable.replace('deleted_at', 'deletedAt')}`,
        { providerId },
      )
      .orderBy('credential.id')
      .getOne();
    return found?.id ?? null;
  }

  /** With its provider, which is not locked. */
  async findForUpdate(manager: EntityManager, id: string): Promise<CredentialEntity | null> {
    return manager
      .createQueryBuilder(CredentialEntity, 'credential')
      .innerJoinAndSelect('credential.provider', 'provider')
      .where('credential.id = :id AND credential.deletedAt IS NULL', { id })
      .setLock('pessimistic_write', undefined, ['credential'])
      .getOne();
  }

  /** Of what nobody sees: neither a new version, nor an audit event. */
  async saveQuietly(manager: EntityManager, id: string, facts: Partial<CredentialFacts>): Promise<void> {
    await manager.update(CredentialEntity, { id }, { ...facts, updatedAt: () => 'updated_at' });
  }

  /** Whether the last call with this value that says anything of the account's credit failed for lack of it. */
  async ranOutOfCredit(
    manager: EntityManager,
    { id, fingerprint }: Pick<CredentialEntity, 'id' | 'fingerprint'>,
    since: Date,
  ): Promise<boolean> {
    const [last] = await manager.query<{ status: string }[]>(
      `SELECT status FROM attempts
       WHERE credential_id = $1 AND credential_fingerprint = $2 AND ended_at > $3
         AND (status = 'success' OR status_code = 402 OR error_class = $4)
       ORDER BY ended_at DESC LIMIT 1`,
      [id, fingerprint, since, outOfCreditClass],
    );
    return last?.status === 'failure';
  }

  async setNextCheck(manager: EntityManager, id: string, at: Date): Promise<void> {
    await manager.query(
      `UPDATE credentials credential SET next_check_at = $2 WHERE credential.id = $1 AND ${isCheckable}`,
      [id, at],
    );
  }

  /** Past their time, and not said to be. */
  async listExpired(manager: EntityManager, now: Date, limit: number): Promise<string[]> {
    const rows = await manager.query<{ id: string }[]>(
      `SELECT id FROM credentials WHERE enabled AND deleted_at IS NULL AND expires_at <= $1 AND state <> 'expired'
       ORDER BY expires_at LIMIT $2`,
      [now, limit],
    );
    return rows.map(({ id }) => id);
  }

  /** Within one of the notice times of their end, and not yet told so since that began. */
  async listExpiring(
    manager: EntityManager,
    now: Date,
    noticeSeconds: readonly number[],
    limit: number,
  ): Promise<string[]> {
    const rows = await manager.query<{ id: string }[]>(
      `SELECT id FROM credentials WHERE enabled AND deleted_at IS NULL AND expires_at > $1 AND EXISTS (
         SELECT FROM unnest($2::int[]) AS notice (seconds)
         WHERE expires_at - make_interval(secs => notice.seconds) <= $1
           AND COALESCE(expiry_notified_at < expires_at - make_interval(secs => notice.seconds), true))
       ORDER BY expires_at LIMIT $3`,
      [now, noticeSeconds, limit],
    );
    return rows.map(({ id }) => id);
  }

  async setExpiryNotified(manager: EntityManager, id: string, at: Date): Promise<void> {
    await manager.query('UPDATE credentials SET expiry_notified_at = $2 WHERE id = $1', [id, at]);
  }

  private async load(manager: EntityManager, id: string, dueAt: Date | null): Promise<CredentialToCheck> {
    const credential = await manager.findOneOrFail(CredentialEntity, {
      where: { id },
      relations: { provider: true },
    });
    const { currentVersionId } = credential;
    const version =
      currentVersionId === null
        ? null
        : await manager.findOneBy(CredentialVersionEntity, { id: currentVersionId, erasedAt: IsNull() });
    return { credential, version, dueAt };
  }
}
