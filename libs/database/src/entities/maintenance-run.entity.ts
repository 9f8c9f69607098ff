import { Column, Entity, Index } from 'typeorm';
import { JsonObject, Timestamp, VersionedRow } from './columns';

export type MaintenanceKind = 'reencrypt_secrets' | 'move_secrets' | 'import_fernet';

/** A long piece of work over many rows that can be stopped anywhere and goes on where it was. */
@Entity('maintenance_runs')
@Index('maintenance_runs_one_running_key', ['kind'], { unique: true, where: `status = 'running'` })
export class MaintenanceRunEntity extends VersionedRow {
  @Column({ type: 'text' })
  kind!: MaintenanceKind;

  @Column({ type: 'text' })
  status!: 'running' | 'done' | 'failed' | 'cancelled';

  /** Looks and counts, changes nothing. */
  @Column({ type: 'boolean', name: 'dry_run', default: false })
  dryRun!: boolean;

  @JsonObject()
  parameters!: Record<string, unknown>;

  /** The last row that is done. */
  @Column({ type: 'text', nullable: true })
  cursor!: string | null;

  @Column({ type: 'int', default: 0 })
  total!: number;

  @Column({ type: 'int', default: 0 })
  done!: number;

  @Column({ type: 'int', default: 0 })
  skipped!: number;

  @Column({ type: 'int', default: 0 })
  failed!: number;

  /** The first hundred rows that could not be done: name and reason, free of secrets. */
  @Column({ type: 'jsonb', default: () => "'[]'" })
  problems!: { name: string; reason: string }[];

  @Column({ type: 'text', name: 'created_by' })
  createdBy!: string;

  @Timestamp({ name: 'finished_at', nullable: true })
  finishedAt!: Date | null;
}
