import { Injectable } from '@nestjs/common';
import type { OutboxTopic } from '@signalbox/database';
import type { EntityManager } from 'typeorm';

export interface OutboxItem {
  topic: OutboxTopic;
  subjectId: string;
  revision: number;
  attempts: number;
}

@Injectable()
export class OutboxRepository {
  /** In the transaction of the change: each topic learns that the subject changed. */
  async add(
    manager: EntityManager,
    topics: readonly OutboxTopic[],
    subjectId: string,
    organizationId: string | null,
  ): Promise<void> {
    await manager.query(
      `INSERT INTO outbox_items (topic, subject_id, organization_id)
       SELECT unnest($1::text[]), $2, $3
       ON CONFLICT (topic, subject_id) DO UPDATE
       SET revision = outbox_items.revision + 1, attempts = 0, next_attempt_at = now(), last_error = NULL,
         created_at = LEAST(outbox_items.created_at, now())`,
      [topics, subjectId, organizationId],
    );
  }

  /** What is known of the deployments may be another thing now. All of it is one document, and so one subject. */
  async addFacts(manager: EntityManager): Promise<void> {
    await this.add(manager, ['project.facts'], 'current', null);
  }

  /** LiteLLM knows no organizations: what blocks one blocks the teams of its workspaces. */
  async addMirrorOfWorkspaces(manager: EntityManager, organizationId: string): Promise<void> {
    await manager.query(
      `INSERT INTO outbox_items (topic, subject_id, organization_id)
       SELECT 'mirror.workspace', id, organization_id FROM workspaces
       WHERE organization_id = $1 AND mirror_state <> 'removed'
       ON CONFLICT (topic, subject_id) DO UPDATE
       SET revision = outbox_items.revision + 1, attempts = 0, next_attempt_at = now(), last_error = NULL`,
      [organizationId],
    );
  }

  /**
   * Makes sure that the subjects are worked on soon, though they did not change: a reconcile run found a difference. Items
   * that are being retried keep their delay.
   */
  async ensure(
    manager: EntityManager,
    topic: OutboxTopic,
    subjects: readonly { subjectId: string; organizationId: string }[],
  ): Promise<void> {
    await manager.query(
      `INSERT INTO outbox_items (topic, subject_id, organization_id)
       SELECT DISTINCT ON (subject_id) $1, subject_id, organization_id
       FROM unnest($2::text[], $3::text[]) AS subject (subject_id, organization_id)
       ORDER BY subject_id
       ON CONFLICT (topic, subject_id) DO UPDATE SET revision = outbox_items.revision + 1, next_attempt_at = now(),
         created_at = LEAST(outbox_items.created_at, now())
       WHERE outbox_items.attempts = 0`,
      [
        topic,
        subjects.map(({ subjectId }) => subjectId),
        subjects.map(({ organizationId }) => organizationId),
      ],
    );
  }

  /** Takes due items and leases them: should this process die, they are due again after `leaseSeconds`. */
  async take(
    manager: EntityManager,
    topics: readonly OutboxTopic[],
    limit: number,
    leaseSeconds: number,
  ): Promise<OutboxItem[]> {
    const [rows] = await manager.query<[OutboxItem[], number]>(
      `UPDATE outbox_items SET attempts = attempts + 1, next_attempt_at = now() + make_interval(secs => $2)
       WHERE (topic, subject_id) IN (
         SELECT topic, subject_id FROM outbox_items WHERE next_attempt_at <= now() AND topic = ANY($3)
         ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED)
       RETURNING topic, subject_id AS "subjectId", revision, attempts`,
      [limit, leaseSeconds, topics],
    );
    return rows;
  }

  /** The items of one subject as they are now, for whoever works on them without a lease: right after the commit. */
  async find(
    manager: EntityManager,
    topics: readonly OutboxTopic[],
    subjectId: string,
  ): Promise<OutboxItem[]> {
    return manager.query<OutboxItem[]>(
      `SELECT topic, subject_id AS "subjectId", revision, attempts FROM outbox_items
       WHERE topic = ANY($1) AND subject_id = $2`,
      [topics, subjectId],
    );
  }

  /** Due again at a time that is already known, such as the end of a rotated value. No failure, and no backlog until then. */
  async reschedule(manager: EntityManager, item: OutboxItem, dueAt: Date): Promise<void> {
    await manager.query(
      `UPDATE outbox_items SET next_attempt_at = $4, created_at = $4, attempts = 0, last_error = NULL
       WHERE topic = $1 AND subject_id = $2 AND revision = $3`,
      [item.topic, item.subjectId, item.revision, dueAt],
    );
  }

  /** Done, unless the subject changed again meanwhile. */
  async complete(manager: EntityManager, item: OutboxItem): Promise<void> {
    await manager.query('DELETE FROM outbox_items WHERE topic = $1 AND subject_id = $2 AND revision = $3', [
      item.topic,
      item.subjectId,
      item.revision,
    ]);
  }

  /** @param lastError already free of secrets */
  async postpone(
    manager: EntityManager,
    item: OutboxItem,
    delayMs: number,
    lastError: string,
  ): Promise<void> {
    await manager.query(
      `UPDATE outbox_items SET next_attempt_at = now() + make_interval(secs => $4), last_error = $5
       WHERE topic = $1 AND subject_id = $2 AND revision = $3`,
      [item.topic, item.subjectId, item.revision, delayMs / 1_000, lastError.slice(0, 500)],
    );
  }
}
