import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { CatalogueChangeState, CatalogueSyncState } from '@signalbox/database';
import { IsIn, IsOptional } from 'class-validator';
import { PageQuery } from '../http/page-query.dto';

const syncStates = ['running', 'completed', 'failed'] as const satisfies readonly CatalogueSyncState[];
const changeStates = [
  'waiting',
  'approved',
  'rejected',
  'superseded',
] as const satisfies readonly CatalogueChangeState[];

export class CatalogueSyncView {
  @ApiProperty({ example: 'sync_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ description: 'schedule, or the token that asked for it.', example: 'schedule' })
  trigger!: string;

  @ApiProperty({ enum: syncStates, example: 'completed' })
  state!: CatalogueSyncState;

  @ApiProperty({ description: 'What it is at, or did last.', example: 'done' })
  step!: string;

  @ApiProperty({
    description: 'How far the step is, which sources were asked, and which price map of LiteLLM was read.',
    type: 'object',
    additionalProperties: true,
    example: { sources: ['openrouter', 'litellm'], litellm_version: '1.103.1' },
  })
  progress!: Record<string, unknown>;

  @ApiProperty({
    description: 'What it came to: models, added, changed, unchanged, held, vanished, prices ...',
    type: 'object',
    additionalProperties: { type: 'number' },
    example: { models: 424, added: 3, changed: 12, held: 1 },
  })
  counts!: Record<string, number>;

  @ApiProperty({ description: 'Why it failed, or waits.', type: String, nullable: true, example: null })
  problem!: string | null;

  @ApiProperty({
    description: 'When a source that did not answer is asked again.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
  })
  next_attempt_at!: string | null;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T03:12:00.000Z' })
  created_at!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-11-21T03:12:02.000Z' })
  ended_at!: string | null;
}

export class CatalogueSyncListView {
  @ApiProperty({ type: [CatalogueSyncView] })
  data!: CatalogueSyncView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}

export class ListCatalogueChangesQuery extends PageQuery {
  @ApiPropertyOptional({ enum: changeStates, example: 'waiting' })
  @IsOptional()
  @IsIn(changeStates)
  state?: CatalogueChangeState;
}

export class CatalogueChangeView {
  @ApiProperty({ example: 'chg_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ description: 'The sync that held it.', example: 'sync_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  sync_id!: string;

  @ApiProperty({
    description: 'The entry of the catalogue; null: it is about many.',
    type: String,
    nullable: true,
    example: 'openai/gpt-4o',
  })
  entry_id!: string | null;

  @ApiProperty({
    description: 'Whose price it is; null: it is about no price.',
    type: String,
    nullable: true,
    example: 'openai',
  })
  provider!: string | null;

  @ApiProperty({ description: 'What looks wrong: docs/catalogue.md names all kinds.', example: 'price_jump' })
  anomaly!: string;

  @ApiProperty({ example: 'output rises from 0.00001 to 0.0001' })
  detail!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    example: { prices: { input: '0.0000025', output: '0.00001' } },
  })
  before!: Record<string, unknown> | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    example: { prices: { input: '0.0000025', output: '0.0001' } },
  })
  after!: Record<string, unknown> | null;

  @ApiProperty({ enum: changeStates, example: 'waiting' })
  state!: CatalogueChangeState;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T03:12:02.000Z' })
  created_at!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  decided_at!: string | null;

  @ApiProperty({
    description: 'The token that decided.',
    type: String,
    nullable: true,
    example: null,
  })
  decided_by!: string | null;
}

export class CatalogueChangeListView {
  @ApiProperty({ type: [CatalogueChangeView] })
  data!: CatalogueChangeView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}
