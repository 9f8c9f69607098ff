import { ApiProperty } from '@nestjs/swagger';

const states = [
  'in_sync',
  'releasing',
  'no_release',
  'unreachable',
  'other_release',
  'different_deployments',
];
const repairs = ['none', 'runner_woken', 'restart_released', 'given_up'];

export class ModelDriftView {
  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  checked_at!: string;

  @ApiProperty({ enum: states, example: 'in_sync' })
  state!: string;

  @ApiProperty({ description: 'What the comparison did about it.', enum: repairs, example: 'none' })
  repair!: string;

  @ApiProperty({
    description: 'Since when there is drift that is not resolved yet.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
  })
  drift_since!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'rel_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  active_release_id!: string | null;

  @ApiProperty({
    description: 'What LiteLLM runs by its own word.',
    type: String,
    nullable: true,
    example: 'rel_06f3x2v9k0wz4m8q1r5t7y3b2c',
  })
  running_release_id!: string | null;

  @ApiProperty({
    description: 'Released, but not shown by LiteLLM; 20 at most.',
    type: [String],
    example: [],
  })
  missing_deployment_ids!: string[];

  @ApiProperty({
    description: 'Shown by LiteLLM, but not released; 20 at most.',
    type: [String],
    example: [],
  })
  unexpected_deployment_ids!: string[];

  @ApiProperty({ type: String, nullable: true, example: null })
  detail!: string | null;
}

class DifferenceCountsView {
  @ApiProperty({ description: 'LiteLLM had it not.', example: 0 })
  missing!: number;

  @ApiProperty({ description: 'LiteLLM had it with other settings.', example: 0 })
  different!: number;

  @ApiProperty({ description: 'LiteLLM still had it, though it ended.', example: 0 })
  dead!: number;

  @ApiProperty({ description: 'It carries our mark, but is not known here: deleted.', example: 0 })
  unknown!: number;

  @ApiProperty({ description: 'Made by people in LiteLLM itself: left alone.', example: 0 })
  foreign!: number;
}

export class KeyDriftView {
  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  checked_at!: string;

  @ApiProperty({ example: 850 })
  duration_ms!: number;

  @ApiProperty({
    description: 'Why the comparison is not complete.',
    type: String,
    nullable: true,
    example: null,
  })
  error!: string | null;

  @ApiProperty({ example: 120 })
  keys_in_litellm!: number;

  @ApiProperty({ example: 4 })
  teams_in_litellm!: number;

  @ApiProperty({ description: 'What was found, and repaired.', type: DifferenceCountsView })
  keys!: DifferenceCountsView;

  @ApiProperty({ description: 'What was found, and repaired.', type: DifferenceCountsView })
  teams!: DifferenceCountsView;

  @ApiProperty({ description: 'Keys written back by their hash.', example: 0 })
  restored_keys!: number;
}

export class ConfigDriftView {
  @ApiProperty({ description: 'null: not compared yet.', type: ModelDriftView, nullable: true })
  models!: ModelDriftView | null;

  @ApiProperty({ description: 'null: not compared yet.', type: KeyDriftView, nullable: true })
  keys!: KeyDriftView | null;
}
