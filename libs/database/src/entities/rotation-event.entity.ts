import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { Timestamp } from './columns';
import { RotationEntity } from './rotation.entity';

/** What happened in a rotation, in order. */
@Entity('rotation_events')
@Index('rotation_events_rotation_id_idx', ['rotationId', 'id'])
@Index('rotation_events_organization_id_idx', ['organizationId'])
export class RotationEventEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text', name: 'organization_id', nullable: true })
  organizationId!: string | null;

  @Column({ type: 'text', name: 'rotation_id' })
  rotationId!: string;

  @ManyToOne(() => RotationEntity, { onDelete: 'CASCADE' })
  @JoinColumn({ name: 'rotation_id', foreignKeyConstraintName: 'rotation_events_rotation_id_fkey' })
  rotation?: Relation<RotationEntity>;

  @Column({ type: 'text' })
  step!: string;

  @Column({ type: 'text' })
  outcome!: string;

  /** Free of secrets. */
  @Column({ type: 'text', nullable: true })
  detail!: string | null;

  @Timestamp({ name: 'occurred_at', default: () => 'now()' })
  occurredAt!: Date;
}
