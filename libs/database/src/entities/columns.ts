import { Column, CreateDateColumn, PrimaryColumn, UpdateDateColumn, type ColumnOptions } from 'typeorm';

/** `timestamptz` everywhere; the driver gives and takes Date. */
export const Timestamp = (options: ColumnOptions = {}): PropertyDecorator =>
  Column({ type: 'timestamptz', ...options });

/** Money is numeric in PostgreSQL and a decimal string in TypeScript: never a float. */
export const Money = (options: ColumnOptions = {}): PropertyDecorator =>
  Column({ type: 'numeric', precision: 20, scale: 9, ...options });

export const TextList = (options: ColumnOptions = {}): PropertyDecorator =>
  Column({ type: 'text', array: true, default: () => "'{}'", ...options });

export const JsonObject = (options: ColumnOptions = {}): PropertyDecorator =>
  Column({ type: 'jsonb', default: () => "'{}'", ...options });

/** What every changeable row has: its id, its times, and a version that grows by one with each change. */
export abstract class VersionedRow {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'int', default: 1 })
  version!: number;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz', name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}

/** What may be limited, of a virtual key, a workspace, an organization or a service. null: no limit of its own. */
export abstract class LimitedRow extends VersionedRow {
  @Column({ type: 'int', name: 'rpm_limit', nullable: true })
  rpmLimit!: number | null;

  @Column({ type: 'int', name: 'rph_limit', nullable: true })
  rphLimit!: number | null;

  @Column({ type: 'int', name: 'rpd_limit', nullable: true })
  rpdLimit!: number | null;

  @Column({ type: 'int', name: 'tpm_limit', nullable: true })
  tpmLimit!: number | null;

  @Column({ type: 'int', name: 'tph_limit', nullable: true })
  tphLimit!: number | null;

  @Column({ type: 'int', name: 'tpd_limit', nullable: true })
  tpdLimit!: number | null;

  @Column({ type: 'int', name: 'max_parallel_requests', nullable: true })
  maxParallelRequests!: number | null;
}
