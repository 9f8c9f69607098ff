import { Column, Entity, Index } from 'typeorm';
import { JsonObject, Timestamp, VersionedRow } from './columns';

export const rotationStatuses = ['running', 'done', 'failed', 'rolled_back', 'cancelled'] as const;
export type RotationStatus = (typeof rotationStatuses)[number];
export type RotationSubjectType = 'credential' | 'virtual_key';
/** given: somebody gave the new value. provider_api: made at the provider. value: a virtual key's new value. */
export type RotationMethod = 'given' | 'provider_api' | 'value';

/** A replacement of a secret in steps, each of which can be repeated. At most one runs per subject. */
@Entity('rotations')
@Index('rotations_one_running_key', ['subjectId'], { unique: true, where: `status = 'running'` })
@Index('rotations_subject_id_idx', ['subjectId', 'id'])
@Index('rotations_organization_id_idx', ['organizationId', 'id'])
@Index('rotations_due_idx', ['nextStepAt'], { where: 'finished_at IS NULL' })
export class RotationEntity extends VersionedRow {
  @Column({ type: 'text', name: 'organization_id', nullable: true })
  organizationId!: string | null;

  @Column({ type: 'text', name: 'subject_type' })
  subjectType!: RotationSubjectType;

  @Column({ type: 'text', name: 'subject_id' })
  subjectId!: string;

  @Column({ type: 'text' })
  method!: RotationMethod;

  @Column({ type: 'text' })
  trigger!: 'request' | 'policy';

  @Column({ type: 'text' })
  status!: RotationStatus;

  /** The step that comes next; the steps are named in libs/domain rotations. */
  @Column({ type: 'text' })
  step!: string;

  @Column({ type: 'text', name: 'from_version_id', nullable: true })
  fromVersionId!: string | null;

  @Column({ type: 'text', name: 'to_version_id', nullable: true })
  toVersionId!: string | null;

  @Column({ type: 'int', name: 'grace_seconds' })
  graceSeconds!: number;

  /** When the old version is retired even if it is still in use. */
  @Timestamp({ name: 'deadline_at', nullable: true })
  deadlineAt!: Date | null;

  /** Also the lease. */
  @Timestamp({ name: 'next_step_at', nullable: true })
  nextStepAt!: Date | null;

  @Column({ type: 'int', default: 0 })
  attempts!: number;

  @Column({ type: 'text', name: 'error_code', nullable: true })
  errorCode!: string | null;

  @Column({ type: 'text', name: 'error_detail', nullable: true })
  errorDetail!: string | null;

  @JsonObject()
  data!: Record<string, unknown>;

  @Column({ type: 'text', name: 'created_by' })
  createdBy!: string;

  /** Later than the end of `status: running` while a value that is not wanted is still to be erased. */
  @Timestamp({ name: 'finished_at', nullable: true })
  finishedAt!: Date | null;
}
