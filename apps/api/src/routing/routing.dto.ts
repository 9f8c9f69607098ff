import { ApiProperty, ApiPropertyOptional, IntersectionType } from '@nestjs/swagger';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { IsIdOf, MayBeLeftOut } from '../http/fields';
import { PageQuery } from '../http/page-query.dto';
import { QueryFlag } from '../http/query-flag';
import { changesSchema } from './routing.schema';

/** Neither: the platform's. */
export class RoutingSubjectQuery {
  @ApiPropertyOptional({
    description: 'Those of this workspace.',
    example: 'ws_01m7ykrzhceqarzssba2nkwz3b',
  })
  @IsOptional()
  @IsIdOf('workspace')
  workspace_id?: string;

  @ApiPropertyOptional({
    description: "Those of this organization. Without both: the platform's, for platform tokens only.",
    example: 'org_01m7ykrzh0earb9nt9fe65dsgn',
  })
  @IsOptional()
  @IsIdOf('organization')
  organization_id?: string;
}

export class DryRunQuery {
  @ApiPropertyOptional({
    description: 'true: checked, compared and answered like a change, and nothing is written.',
    default: false,
    example: true,
  })
  @IsOptional()
  @QueryFlag()
  dry_run?: boolean;
}

export class ReplaceRulesQuery extends IntersectionType(RoutingSubjectQuery, DryRunQuery) {}
export class ListRoutingVersionsQuery extends IntersectionType(RoutingSubjectQuery, PageQuery) {}

export class RestoreRoutingVersionBody {
  @ApiPropertyOptional({
    description:
      'The version of the rules that you read. If it is another one by now, nothing changes (version_conflict).',
    minimum: 1,
    maximum: 2_147_483_647,
    example: 2,
  })
  @MayBeLeftOut()
  @IsInt()
  @Min(1)
  @Max(2_147_483_647)
  version?: number;
}

export class RoutingVersionView {
  @ApiProperty({ example: 'rtv_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ description: 'Counts the versions of this level, from 1.', example: 3 })
  number!: number;

  @ApiProperty({ enum: ['platform', 'organization', 'workspace'], example: 'workspace' })
  scope!: string;

  @ApiProperty({ type: String, nullable: true, example: 'org_01m7ykrzh0earb9nt9fe65dsgn' })
  organization_id!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'ws_01m7ykrzhceqarzssba2nkwz3b' })
  workspace_id!: string | null;

  @ApiProperty({
    description: 'The token that wrote it. null: it was there before versions were kept.',
    type: String,
    nullable: true,
    example: 'tok_01m7ykrzh0earb9nt9fe65dsgn',
  })
  actor!: string | null;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  created_at!: string;
}

export class RoutingVersionListView {
  @ApiProperty({ type: [RoutingVersionView] })
  data!: RoutingVersionView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}

export class RoutingVersionDetailView extends RoutingVersionView {
  @ApiProperty({
    description: 'As they were written.',
    type: 'object',
    additionalProperties: true,
    example: { power_level: 'eco' },
  })
  rules!: Record<string, unknown>;

  @ApiProperty(changesSchema)
  changes!: object[];
}
