import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';
import { Timestamp } from './columns';

export const outboxTopics = [
  'project.virtual_key',
  'project.workspace',
  'project.organization',
  'project.service',
  'project.catalogue',
  /** The subject is an owner key; see CredentialEntity. */
  'project.credentials',
  'project.settings',
  'project.facts',
  'mirror.virtual_key',
  'mirror.workspace',
] as const;
export type OutboxTopic = (typeof outboxTopics)[number];

/**
 * "This subject changed and that target does not know it yet." One row per topic and subject: a second change of the
 * same subject raises `revision`, and whoever works on it reads the subject's newest state. Deleted when done.
 */
@Entity('outbox_items')
@Index('outbox_items_due_idx', ['nextAttemptAt'])
@Index('outbox_items_organization_id_idx', ['organizationId'])
export class OutboxItemEntity {
  @PrimaryColumn({ type: 'text' })
  topic!: OutboxTopic;

  @PrimaryColumn({ type: 'text', name: 'subject_id' })
  subjectId!: string;

  @Column({ type: 'text', name: 'organization_id', nullable: true })
  organizationId!: string | null;

  @Column({ type: 'int', default: 1 })
  revision!: number;

  @Column({ type: 'int', default: 0 })
  attempts!: number;

  /** Also the lease: whoever takes an item moves this into the future first. */
  @Timestamp({ name: 'next_attempt_at', default: () => 'now()' })
  nextAttemptAt!: Date;

  @Column({ type: 'text', name: 'last_error', nullable: true })
  lastError!: string | null;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
