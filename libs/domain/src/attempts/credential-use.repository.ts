import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AttemptRow } from './attempt-event';
import { refusedKey } from './refused-key';

/** A key in steady use is not written at each call. */
const precisionSeconds = 10;
/** However many calls fail. */
const secondsBetweenChecks = 60;

/** What calls tell of provider keys: when each was last used, and which ones their provider refused. */
@Injectable()
export class CredentialUseRepository {
  async note(manager: EntityManager, rows: readonly AttemptRow[], now: Date): Promise<void> {
    const used = rows.filter(({ credential_id }) => credential_id !== null);
    if (used.length === 0) return;
    await this.noteUse(manager, used);
    const refused = used.filter(refusedKey).map(({ credential_id }) => credential_id);
    if (refused.length > 0) await this.requestChecks(manager, [...new Set(refused)], now);
  }

  /**
   * Of the credential, and of the version that was really sent: right after a change of the key some calls still carry the old
   * one. Failed calls count, they carried it too. Rows are locked in order, so that two workers never wait for each other.
   */
  private async noteUse(manager: EntityManager, rows: readonly AttemptRow[]): Promise<void> {
    const used = rows.map(({ credential_id, credential_fingerprint, ended_at }) => ({
      credential_id,
      fingerprint: credential_fingerprint,
      ended_at,
    }));
    await manager.query(
      `WITH used AS (
         SELECT attempt.credential_id, LEAST(max(attempt.ended_at), now()) AS at
         FROM jsonb_to_recordset($1::jsonb) AS attempt (credential_id text, ended_at timestamptz)
         GROUP BY attempt.credential_id),
       older AS (
         SELECT credential.id, used.at FROM credentials credential JOIN used ON used.credential_id = credential.id
         WHERE credential.last_used_at IS NULL
           OR credential.last_used_at < used.at - interval '${precisionSeconds} seconds'
         ORDER BY credential.id FOR NO KEY UPDATE OF credential)
       UPDATE credentials credential SET last_used_at = older.at FROM older WHERE credential.id = older.id`,
      [JSON.stringify(used)],
    );
    await manager.query(
      `WITH used AS (
         SELECT attempt.credential_id, attempt.fingerprint, LEAST(max(attempt.ended_at), now()) AS at
         FROM jsonb_to_recordset($1::jsonb) AS attempt (credential_id text, fingerprint text, ended_at timestamptz)
         GROUP BY attempt.credential_id, attempt.fingerprint),
       older AS (
         SELECT version.id, used.at FROM credential_versions version
         JOIN used ON used.credential_id = version.credential_id AND used.fingerprint = version.fingerprint
         WHERE version.last_used_at IS NULL
           OR version.last_used_at < used.at - interval '${precisionSeconds} seconds'
         ORDER BY version.id FOR NO KEY UPDATE OF version)
       UPDATE credential_versions version SET last_used_at = older.at FROM older WHERE version.id = older.id`,
      [JSON.stringify(used)],
    );
  }

  private async requestChecks(
    manager: EntityManager,
    ids: readonly (string | null)[],
    now: Date,
  ): Promise<void> {
    await manager.query(
      `WITH refused AS (
         SELECT id FROM credentials
         WHERE id = ANY($1::text[]) AND enabled AND deleted_at IS NULL AND source <> 'env' AND state <> 'expired'
           AND (next_check_at IS NULL OR next_check_at > $2::timestamptz)
           AND (checked_at IS NULL OR checked_at <= $2::timestamptz - interval '${secondsBetweenChecks} seconds')
         ORDER BY id FOR NO KEY UPDATE)
       UPDATE credentials SET next_check_at = $2 FROM refused WHERE credentials.id = refused.id`,
      [ids, now],
    );
  }
}
