import { Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import { Timestamp } from './columns';

/** One request to a provider that checks a key: counted, so that all processes together stay below a limit per host. */
@Entity('probe_permits')
@Index('probe_permits_host_idx', ['host', 'takenAt'])
@Index('probe_permits_actor_id_idx', ['actorId', 'takenAt'])
@Index('probe_permits_taken_at_idx', ['takenAt'])
export class ProbePermitEntity {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' })
  id!: string;

  /** The provider's kind and host. */
  @Column({ type: 'text' })
  host!: string;

  /** The service token that asked; null: the schedule. */
  @Column({ type: 'text', name: 'actor_id', nullable: true })
  actorId!: string | null;

  @Timestamp({ name: 'taken_at' })
  takenAt!: Date;

  /** null: it runs, or its process died. */
  @Timestamp({ name: 'released_at', nullable: true })
  releasedAt!: Date | null;
}
