import { ApiProperty } from '@nestjs/swagger';
import { type RotationStatus, rotationStatuses } from '@signalbox/database';
import { type RotationStep, rotationSteps } from '@signalbox/domain/rotations';

const time = { type: String, format: 'date-time', example: '2026-11-21T08:00:00.000Z' } as const;
const maybeText = { type: String, nullable: true } as const;

export class RotationView {
  @ApiProperty({ example: 'rot_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ enum: ['credential', 'virtual_key'], example: 'credential' })
  subject_type!: 'credential' | 'virtual_key';

  @ApiProperty({ example: 'cred_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  subject_id!: string;

  @ApiProperty({ ...maybeText, example: 'org_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  organization_id!: string | null;

  @ApiProperty({
    description:
      'given: somebody gave the new value. provider_api: made at the provider. value: a virtual key.',
    enum: ['given', 'provider_api', 'value'],
    example: 'given',
  })
  method!: 'given' | 'provider_api' | 'value';

  @ApiProperty({
    description: 'policy: because of rotate_every_days.',
    enum: ['request', 'policy'],
    example: 'request',
  })
  trigger!: 'request' | 'policy';

  @ApiProperty({ enum: rotationStatuses, example: 'running' })
  status!: RotationStatus;

  @ApiProperty({
    description: 'The step that comes next, or that is being waited for.',
    enum: rotationSteps,
    example: 'watch',
  })
  step!: RotationStep;

  @ApiProperty({
    description: 'How many of the steps are done.',
    type: 'integer',
    minimum: 0,
    maximum: 100,
    example: 40,
  })
  percent!: number;

  @ApiProperty({
    ...time,
    nullable: true,
    description: 'When the old value can be retired, as far as is known: each use of it moves this time.',
  })
  waits_until!: string | null;

  @ApiProperty({
    ...time,
    nullable: true,
    description: 'When the old value was last used, to about ten seconds.',
  })
  old_value_last_used_at!: string | null;

  @ApiProperty({ type: 'integer', minimum: 0, example: 86_400 })
  grace_seconds!: number;

  @ApiProperty({ ...time, nullable: true })
  deadline_at!: string | null;

  @ApiProperty({
    ...maybeText,
    description: 'A stable word for what holds the rotation up, ended it, or is left to be done by hand.',
    example: null,
  })
  error_code!: string | null;

  @ApiProperty({ ...maybeText, example: null })
  error_detail!: string | null;

  @ApiProperty({ example: 'tok_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  created_by!: string;

  @ApiProperty(time)
  created_at!: string;

  @ApiProperty(time)
  updated_at!: string;

  @ApiProperty({
    ...time,
    nullable: true,
    description: 'null: there still is something to do, if only a value that is not wanted to be erased.',
  })
  finished_at!: string | null;
}

export class RotationEventView {
  @ApiProperty({ example: 'validate' })
  step!: string;

  @ApiProperty({
    description: 'done, retried, given_up, failed, cancelled or rolled_back.',
    example: 'done',
  })
  outcome!: string;

  @ApiProperty({ ...maybeText, example: 'The key is accepted.' })
  detail!: string | null;

  @ApiProperty(time)
  occurred_at!: string;
}

export class RotationWithEventsView extends RotationView {
  @ApiProperty({ type: [RotationEventView], description: 'The oldest first.' })
  events!: RotationEventView[];
}

export class StartedKeyRotationView extends RotationView {
  @ApiProperty({
    description: 'The new value. It is shown this once and cannot be had again.',
    example: 'sk-sb-...',
  })
  key!: string;
}

export class RotationListView {
  @ApiProperty({ type: [RotationView] })
  data!: RotationView[];

  @ApiProperty({
    ...maybeText,
    description: 'Send it as cursor for the next page; null: the last one.',
    example: null,
  })
  next_cursor!: string | null;
}
