import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Status } from '@signalbox/domain/status';

const litellmStates = ['running', 'starting', 'down', 'unknown'] as const satisfies Status['litellm'][];

class StoreStatusView {
  @ApiProperty({ enum: ['ok', 'down'], example: 'ok' })
  status!: 'ok' | 'down';

  @ApiProperty({ description: 'null when it is down.', type: Number, nullable: true, example: 1.2 })
  latency_ms!: number | null;
}

class LitellmStatusView {
  @ApiProperty({
    description: 'unknown: the runner does not answer.',
    enum: litellmStates,
    example: 'running',
  })
  status!: Status['litellm'];

  @ApiProperty({ type: String, nullable: true, example: '1.103.1' })
  version!: string | null;
}

class RunningLitellmView {
  @ApiProperty({ enum: ['blue', 'green'], example: 'blue' })
  slot!: string;

  @ApiProperty({ type: String, nullable: true, example: 'rel_01m7ykrzk4eqj8k270nv38keyt' })
  release_id!: string | null;

  @ApiProperty({ type: Number, nullable: true, example: 3 })
  release_number!: number | null;

  @ApiProperty({ description: 'false: it serves without its database.', example: true })
  database_mode!: boolean;

  @ApiProperty({ type: String, nullable: true, format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  started_at!: string | null;
}

class LitellmCandidateView {
  @ApiProperty({ enum: ['blue', 'green'], example: 'green' })
  slot!: string;

  @ApiProperty({ type: Number, nullable: true, example: 4 })
  release_number!: number | null;

  @ApiProperty({ enum: ['starting', 'verifying'], example: 'verifying' })
  phase!: string;
}

class RunnerStatusView {
  @ApiProperty({ enum: ['ok', 'down'], example: 'ok' })
  status!: 'ok' | 'down';

  @ApiProperty({
    description: 'The database engine of LiteLLM.',
    type: String,
    nullable: true,
    example: 'wasm',
  })
  engine!: string | null;

  @ApiProperty({ description: 'The LiteLLM that serves.', type: RunningLitellmView, nullable: true })
  active!: RunningLitellmView | null;

  @ApiProperty({
    description: 'The one that is about to replace it.',
    type: LitellmCandidateView,
    nullable: true,
    example: null,
  })
  candidate!: LitellmCandidateView | null;

  @ApiProperty({
    description: 'Why the last release did not make it.',
    type: String,
    nullable: true,
    example: null,
  })
  last_failure!: string | null;
}

class ProcessView {
  @ApiProperty({ example: 'edge-4711-1a2b3c' })
  id!: string;

  @ApiProperty({ type: Number, nullable: true, example: 4711 })
  pid!: number | null;

  @ApiProperty({ type: String, nullable: true, format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  started_at!: string | null;

  @ApiProperty({
    description:
      'When it last reported. One that is cut off from Redis stays on this list for up to 15 seconds.',
    type: String,
    nullable: true,
    format: 'date-time',
    example: '2026-11-21T08:00:05.000Z',
  })
  reported_at!: string | null;

  @ApiProperty({
    description: 'What else the process tells of itself.',
    type: 'object',
    additionalProperties: true,
    example: { keys: 1_000 },
  })
  details!: Record<string, unknown>;
}

class ReleaseRefView {
  @ApiProperty({ example: 'rel_01m7ykrzk4eqj8k270nv38keyt' })
  id!: string;

  @ApiProperty({ example: 3 })
  number!: number;

  @ApiProperty({ type: String, nullable: true, format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  activated_at!: string | null;
}

class OutboxView {
  @ApiProperty({ description: 'Changes that wait for the worker.', example: 0 })
  pending!: number;

  @ApiProperty({ description: 'Of these, the ones that failed three times or more.', example: 0 })
  failing!: number;

  @ApiProperty({ description: 'Age of the oldest one.', type: Number, nullable: true, example: null })
  oldest_seconds!: number | null;
}

class MirrorCountsView {
  @ApiProperty({ example: 0 })
  pending!: number;

  @ApiProperty({ example: 12 })
  synced!: number;

  @ApiProperty({ example: 0 })
  failed!: number;
}

class MirrorDifferencesView {
  @ApiProperty({ description: 'LiteLLM had it not; it was made.', example: 0 })
  missing!: number;

  @ApiProperty({ description: 'LiteLLM had it with other settings; they were corrected.', example: 0 })
  different!: number;

  @ApiProperty({ description: 'It had ended, but LiteLLM still had it; it was deleted there.', example: 0 })
  dead!: number;

  @ApiProperty({ description: 'Marked as ours, but not known here; it was deleted there.', example: 0 })
  unknown!: number;

  @ApiProperty({ description: 'Made by people in LiteLLM itself; left alone.', example: 1 })
  foreign!: number;
}

class MirrorComparisonView {
  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  started_at!: string;

  @ApiProperty({ example: 850 })
  duration_ms!: number;

  @ApiProperty({ description: 'Why it broke off.', type: String, nullable: true, example: null })
  error!: string | null;

  @ApiProperty({ example: 13 })
  keys_in_litellm!: number;

  @ApiProperty({ example: 2 })
  teams_in_litellm!: number;

  @ApiProperty({ type: MirrorDifferencesView })
  keys!: MirrorDifferencesView;

  @ApiProperty({ type: MirrorDifferencesView })
  teams!: MirrorDifferencesView;

  @ApiProperty({ description: 'Keys written back by their hash, after LiteLLM had lost them.', example: 0 })
  restored_keys!: number;

  @ApiProperty({ description: 'Some of what is not ours.', type: [String], example: ['key of a person'] })
  foreign_examples!: string[];
}

class MirrorView {
  @ApiProperty({ type: MirrorCountsView })
  workspaces!: MirrorCountsView;

  @ApiProperty({ description: 'By value: a rotated key has several.', type: MirrorCountsView })
  virtual_keys!: MirrorCountsView;
}

class SecretStoreView extends StoreStatusView {
  @ApiProperty({ enum: ['sealed', 'infisical'], example: 'sealed' })
  kind!: 'sealed' | 'infisical';
}

class CredentialCountsView {
  @ApiProperty({ example: 0 })
  pending!: number;

  @ApiProperty({ example: 3 })
  verified!: number;

  @ApiProperty({ example: 1 })
  unverified!: number;

  @ApiProperty({ example: 0 })
  invalid!: number;

  @ApiProperty({ example: 0 })
  exhausted!: number;

  @ApiProperty({ example: 0 })
  expired!: number;

  @ApiProperty({ example: 0 })
  unreadable!: number;
}

export class StatusView {
  @ApiProperty({ enum: ['ok', 'degraded'], example: 'ok' })
  status!: 'ok' | 'degraded';

  @ApiProperty({ description: 'What is not well and what to do, for a person.', type: [String], example: [] })
  problems!: string[];

  @ApiProperty({ description: 'Of Signalbox.', example: '0.1.0' })
  version!: string;

  @ApiProperty({ type: StoreStatusView })
  database!: StoreStatusView;

  @ApiProperty({ type: StoreStatusView })
  redis!: StoreStatusView;

  @ApiProperty({ type: LitellmStatusView })
  litellm!: LitellmStatusView;

  @ApiProperty({
    description: 'Enabled provider keys by state, of what the token sees.',
    type: CredentialCountsView,
  })
  credentials!: CredentialCountsView;

  @ApiProperty({
    description: 'How far the copies in LiteLLM are, of what the token sees.',
    type: MirrorView,
  })
  mirror!: MirrorView;

  @ApiPropertyOptional({ description: 'Platform tokens only.', type: RunnerStatusView })
  runner?: RunnerStatusView;

  @ApiPropertyOptional({ description: 'Platform tokens only.', type: [ProcessView] })
  edges?: ProcessView[];

  @ApiPropertyOptional({ description: 'Platform tokens only.', type: [ProcessView] })
  workers?: ProcessView[];

  @ApiPropertyOptional({ description: 'Platform tokens only.', type: ReleaseRefView, nullable: true })
  active_release?: ReleaseRefView | null;

  @ApiPropertyOptional({
    description: 'Platform tokens only.',
    type: ReleaseRefView,
    nullable: true,
    example: null,
  })
  applying_release?: ReleaseRefView | null;

  @ApiPropertyOptional({ description: 'Platform tokens only.', type: OutboxView })
  outbox?: OutboxView;

  @ApiPropertyOptional({
    description: 'Platform tokens only. Where new provider keys are kept.',
    type: SecretStoreView,
  })
  secret_store?: SecretStoreView;

  @ApiPropertyOptional({
    description: "Platform tokens only. The last comparison of LiteLLM's keys and teams with ours.",
    type: MirrorComparisonView,
    nullable: true,
  })
  mirror_comparison?: MirrorComparisonView | null;
}
