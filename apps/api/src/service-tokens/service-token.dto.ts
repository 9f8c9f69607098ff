import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { durationPattern } from '@signalbox/common';
import { type GrantedScope, scopes } from '@signalbox/domain/access';
import { type ServiceTokenStatus, serviceTokenStatuses } from '@signalbox/domain/service-tokens';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsOptional, Matches } from 'class-validator';
import { IsIdOf, IsName, IsSearch, Nullable } from '../http/fields';
import { PageQuery } from '../http/page-query.dto';

const grantableScopes: readonly GrantedScope[] = ['*', ...scopes];

export class CreateServiceTokenBody {
  @ApiProperty({ description: 'Who uses it, for people.', minLength: 1, maxLength: 200, example: 'n8n' })
  @IsName()
  name!: string;

  @ApiProperty({
    description: 'What it may do; at most what the calling token may do. `*` is everything.',
    enum: grantableScopes,
    isArray: true,
    minItems: 1,
    maxItems: 50,
    example: ['keys:read', 'keys:write'],
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(50)
  @IsIn(grantableScopes, { each: true })
  scopes!: GrantedScope[];

  @ApiPropertyOptional({
    description:
      'The organization that it is bound to. null: the platform. Left out: bound as the calling token is.',
    type: String,
    nullable: true,
    example: 'org_01m7ykrzh0earb9nt9fe65dsgn',
  })
  @Nullable()
  @IsIdOf('organization')
  organization_id?: string | null;

  @ApiPropertyOptional({
    description: 'For how long it is valid from now on. null or left out: until it is revoked.',
    type: String,
    nullable: true,
    pattern: durationPattern.source,
    example: '90d',
  })
  @Nullable()
  @Matches(durationPattern, {
    message: 'duration must be a whole number with a unit, such as 30s, 15m, 24h, 30d or 4w',
  })
  duration?: string | null;
}

export class ListServiceTokensQuery extends PageQuery {
  @ApiPropertyOptional({
    description: 'Only those bound to this organization.',
    example: 'org_01m7ykrzh0earb9nt9fe65dsgn',
  })
  @IsOptional()
  @IsIdOf('organization')
  organization_id?: string;

  @ApiPropertyOptional({
    description: 'Part of the name, of the id, or of the shown end of the value.',
    maxLength: 200,
    example: 'n8n',
  })
  @IsOptional()
  @IsSearch()
  search?: string;

  @ApiPropertyOptional({ enum: serviceTokenStatuses, example: 'active' })
  @IsOptional()
  @IsIn(serviceTokenStatuses)
  status?: ServiceTokenStatus;
}

export class ServiceTokenView {
  @ApiProperty({ example: 'tok_01m7ykrzj3eyer28jqcnfeaaby' })
  id!: string;

  @ApiProperty({ example: 'n8n' })
  name!: string;

  @ApiProperty({
    description: 'null: bound to the platform.',
    type: String,
    nullable: true,
    example: 'org_01m7ykrzh0earb9nt9fe65dsgn',
  })
  organization_id!: string | null;

  @ApiProperty({ type: [String], example: ['keys:read', 'keys:write'] })
  scopes!: string[];

  @ApiProperty({ description: 'What may be shown of the value.', example: 'sbt_...x7Qa' })
  token_name!: string;

  @ApiProperty({ enum: serviceTokenStatuses, example: 'active' })
  status!: ServiceTokenStatus;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2027-02-19T08:00:00.000Z' })
  expires_at!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  revoked_at!: string | null;

  @ApiProperty({
    description: 'Kept to the minute.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2026-11-21T08:30:00.000Z',
  })
  last_used_at!: string | null;

  @ApiProperty({ description: 'The token or job that made it.', example: 'tok_01m7ykrzjmfgnb0vsab3aqm09d' })
  created_by!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  created_at!: string;
}

export class ServiceTokenWithValueView extends ServiceTokenView {
  @ApiProperty({
    description: 'The value: in this answer and never again.',
    example: 'sbt_EXAMPLEonlyEXAMPLEonlyEXAMPLEonlyEXAMPLEonly0EXAMPL',
  })
  token!: string;
}

export class ServiceTokenListView {
  @ApiProperty({ type: [ServiceTokenView] })
  data!: ServiceTokenView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}
