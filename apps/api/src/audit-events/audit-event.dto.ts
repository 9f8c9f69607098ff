import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { IsIdOf, IsTimestamp } from '../http/fields';
import { PageQuery } from '../http/page-query.dto';

const maxLength = 100;

export class ListAuditEventsQuery extends PageQuery {
  @ApiPropertyOptional({
    description: 'Only events of this organization.',
    example: 'org_01m7ykrzh0earb9nt9fe65dsgn',
  })
  @IsOptional()
  @IsIdOf('organization')
  organization_id?: string;

  @ApiPropertyOptional({ description: 'What was done.', maxLength, example: 'virtual_key.created' })
  @IsOptional()
  @Matches(/^[a-z_]+(\.[a-z_]+)*$/)
  @MaxLength(maxLength)
  action?: string;

  @ApiPropertyOptional({ description: 'To what kind of thing.', maxLength, example: 'virtual_key' })
  @IsOptional()
  @IsString()
  @MaxLength(maxLength)
  target_type?: string;

  @ApiPropertyOptional({ description: 'To what.', maxLength, example: 'key_01m7ykrzhpfvjbekqw1e8q1a21' })
  @IsOptional()
  @IsString()
  @MaxLength(maxLength)
  target_id?: string;

  @ApiPropertyOptional({ description: 'By whom.', maxLength, example: 'tok_01m7ykrzj3eyer28jqcnfeaaby' })
  @IsOptional()
  @IsString()
  @MaxLength(maxLength)
  actor_id?: string;

  @ApiPropertyOptional({
    description: 'In which request.',
    maxLength,
    example: 'req_01m7ykrzhwew3attn3cy7yeznn',
  })
  @IsOptional()
  @IsString()
  @MaxLength(maxLength)
  request_id?: string;

  @ApiPropertyOptional({
    description: 'At this time or later.',
    format: 'date-time',
    type: String,
    example: '2026-11-01T00:00:00Z',
  })
  @IsOptional()
  @IsTimestamp()
  from?: string;

  @ApiPropertyOptional({
    description: 'Before this time.',
    format: 'date-time',
    type: String,
    example: '2026-12-01T00:00:00Z',
  })
  @IsOptional()
  @IsTimestamp()
  to?: string;
}

export class AuditEventView {
  @ApiProperty({ example: 'evt_01m7ykrzj8epn9czeye8aahpkc' })
  id!: string;

  @ApiProperty({ example: '2026-11-21T08:00:00.000Z', format: 'date-time' })
  occurred_at!: string;

  @ApiProperty({
    description: 'null: an event of the platform.',
    type: String,
    nullable: true,
    example: 'org_01m7ykrzh0earb9nt9fe65dsgn',
  })
  organization_id!: string | null;

  @ApiProperty({ enum: ['service_token', 'system'], example: 'service_token' })
  actor_type!: string;

  @ApiProperty({ example: 'tok_01m7ykrzj3eyer28jqcnfeaaby' })
  actor_id!: string;

  @ApiProperty({ example: 'virtual_key.created' })
  action!: string;

  @ApiProperty({ example: 'virtual_key' })
  target_type!: string;

  @ApiProperty({ example: 'key_01m7ykrzhpfvjbekqw1e8q1a21' })
  target_id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'req_01m7ykrzhwew3attn3cy7yeznn' })
  request_id!: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'The changed fields and their new values; never a secret.',
    example: { keyAlias: 'n8n-production' },
  })
  changes!: Record<string, unknown>;

  @ApiProperty({ description: "The event's place in its chain.", example: 42 })
  sequence!: number;

  @ApiProperty({ example: '0f7d1a5b4f8a4e0d6f6e3f8e0d2c3b4a59687786950413223140f0e1d2c3b4a5' })
  previous_hash!: string;

  @ApiProperty({ example: '5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5' })
  hash!: string;
}

export class AuditEventListView {
  @ApiProperty({ type: [AuditEventView] })
  data!: AuditEventView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}

class BrokenLinkView {
  @ApiProperty({ description: 'The place in the chain.', example: 42 })
  sequence!: number;

  @ApiProperty({
    description: 'null: the event that should be there is not.',
    type: String,
    nullable: true,
    example: 'evt_01m7ykrzj8epn9czeye8aahpkc',
  })
  event_id!: string | null;

  @ApiProperty({ example: 'its content was changed after it was written' })
  reason!: string;
}

class ChainVerificationView {
  @ApiProperty({ description: "An organization's id, or platform.", example: 'platform' })
  chain!: string;

  @ApiProperty({ description: 'How many events were checked and fit.', example: 42 })
  event_count!: number;

  @ApiProperty({ type: BrokenLinkView, nullable: true, example: null })
  broken!: BrokenLinkView | null;
}

export class AuditVerificationView {
  @ApiProperty({ example: true })
  ok!: boolean;

  @ApiProperty({ type: [ChainVerificationView] })
  chains!: ChainVerificationView[];
}
