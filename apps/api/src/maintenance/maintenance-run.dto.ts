import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsObject, IsOptional, ValidateNested } from 'class-validator';
import { MayBeLeftOut } from '../http/fields';
import { PageQuery } from '../http/page-query.dto';

const startableKinds = ['reencrypt_secrets', 'move_secrets'] as const;
const kinds = [...startableKinds, 'import_fernet'] as const;
const statuses = ['running', 'done', 'failed', 'cancelled'] as const;
const stores = ['sealed', 'infisical'] as const;

export class MaintenanceParametersBody {
  @ApiPropertyOptional({
    description: 'move_secrets only, and needed there: the store that everything is moved to.',
    enum: stores,
    example: 'infisical',
  })
  @MayBeLeftOut()
  @IsIn(stores)
  to?: (typeof stores)[number];
}

export class StartMaintenanceRunBody {
  @ApiProperty({
    description:
      'reencrypt_secrets: seals with the first encryption key what is sealed with another one. move_secrets: moves provider keys to the other secret store.',
    enum: startableKinds,
    example: 'reencrypt_secrets',
  })
  @IsIn(startableKinds)
  kind!: (typeof startableKinds)[number];

  @ApiPropertyOptional({ description: 'true: looks and counts, and changes nothing.', example: true })
  @MayBeLeftOut()
  @IsBoolean()
  dry_run?: boolean;

  @ApiPropertyOptional({ type: MaintenanceParametersBody })
  @MayBeLeftOut()
  @IsObject()
  @ValidateNested()
  @Type(() => MaintenanceParametersBody)
  parameters?: MaintenanceParametersBody;
}

export class ListMaintenanceRunsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: kinds, example: 'reencrypt_secrets' })
  @IsOptional()
  @IsIn(kinds)
  kind?: (typeof kinds)[number];

  @ApiPropertyOptional({ enum: statuses, example: 'running' })
  @IsOptional()
  @IsIn(statuses)
  status?: (typeof statuses)[number];
}

export class MaintenanceProblemView {
  @ApiProperty({ example: 'sealed_secrets platform/credentials/OPENAI__01M7YKRZJ3EYER28JQCNFEAABY' })
  name!: string;

  @ApiProperty({ example: 'It is sealed with the encryption key "k0", which is not in the ring.' })
  reason!: string;
}

export class MaintenanceRunView {
  @ApiProperty({ example: 'run_01m7ykrzj3eyer28jqcnfeaaby' })
  id!: string;

  @ApiProperty({ enum: kinds, example: 'reencrypt_secrets' })
  kind!: (typeof kinds)[number];

  @ApiProperty({
    description: 'failed: it is over, and some rows could not be done; see problems.',
    enum: statuses,
    example: 'running',
  })
  status!: (typeof statuses)[number];

  @ApiProperty({ example: false })
  dry_run!: boolean;

  @ApiProperty({ type: 'object', additionalProperties: true, example: {} })
  parameters!: Record<string, unknown>;

  @ApiProperty({ description: 'How many rows there were to do.', example: 10_000 })
  total!: number;

  @ApiProperty({ description: 'In a dry run: how many could be done.', example: 4_200 })
  done!: number;

  @ApiProperty({ description: 'Had changed when their turn came, so that nothing was to do.', example: 3 })
  skipped!: number;

  @ApiProperty({ description: 'Stay as they were.', example: 1 })
  failed!: number;

  @ApiProperty({ description: 'The first hundred that failed, and why.', type: [MaintenanceProblemView] })
  problems!: MaintenanceProblemView[];

  @ApiProperty({
    description: 'The token or command that began it.',
    example: 'tok_01m7ykrzjmfgnb0vsab3aqm09d',
  })
  created_by!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  created_at!: string;

  @ApiProperty({
    description: 'The last row. A run that stands still waits for a worker, or for a secret store.',
    format: 'date-time',
    example: '2026-11-21T08:00:05.000Z',
  })
  updated_at!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  finished_at!: string | null;
}

export class MaintenanceRunListView {
  @ApiProperty({ type: [MaintenanceRunView] })
  data!: MaintenanceRunView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}
