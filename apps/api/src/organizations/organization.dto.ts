import { ApiProperty, ApiPropertyOptional, PartialType } from '@nestjs/swagger';
import { type RateLimitTier, rateLimitTierNames, rateLimitTiers } from '@signalbox/gateway';
import { IsBoolean, IsIn, IsOptional } from 'class-validator';
import { IsMetadata, IsName, IsSearch, MayBeLeftOut, Nullable } from '../http/fields';
import { ApiMetadata } from '../http/metadata.property';
import { PageQuery } from '../http/page-query.dto';
import { QueryFlag } from '../http/query-flag';
import { VersionRead } from '../http/version.property';
import { LimitFieldsBody, LimitFieldsView } from '../limits/limit-fields.dto';

const tierList = rateLimitTierNames
  .map((name) => {
    const { rpm_limit, rph_limit, rpd_limit } = rateLimitTiers[name];
    return `${name} ${rpm_limit}, ${rph_limit}, ${rpd_limit ?? 'no limit'}`;
  })
  .join('; ');
const tierProperty = {
  description: `Gives requests per minute, hour and day where the limit itself is null: ${tierList}. null: no tier.`,
  type: String,
  enum: rateLimitTierNames,
  nullable: true,
  example: 'starter',
};

export class CreateOrganizationBody extends LimitFieldsBody {
  @ApiProperty({ description: 'A name for people.', minLength: 1, maxLength: 200, example: 'Acme' })
  @IsName()
  name!: string;

  @ApiPropertyOptional({
    description: 'true: all its virtual keys are refused until it is false again.',
    default: false,
    example: false,
  })
  @MayBeLeftOut()
  @IsBoolean()
  blocked?: boolean;

  @ApiPropertyOptional({
    description:
      "false: the platform's provider keys never pay for its calls, whatever the policies of its workspaces say. Only platform tokens may set it.",
    default: true,
    example: true,
  })
  @MayBeLeftOut()
  @IsBoolean()
  platform_credentials?: boolean;

  @ApiPropertyOptional(tierProperty)
  @Nullable()
  @IsIn(rateLimitTierNames)
  rate_limit_tier?: RateLimitTier | null;

  @ApiMetadata({ required: false })
  @MayBeLeftOut()
  @IsMetadata()
  metadata?: Record<string, unknown>;
}

export class UpdateOrganizationBody extends PartialType(CreateOrganizationBody, {
  skipNullProperties: false,
}) {
  @VersionRead()
  version?: number;
}

export class ListOrganizationsQuery extends PageQuery {
  @ApiPropertyOptional({
    description: 'Part of the name or id, in any case.',
    maxLength: 200,
    example: 'acme',
  })
  @IsOptional()
  @IsSearch()
  search?: string;

  @ApiPropertyOptional({ type: Boolean, example: false })
  @IsOptional()
  @QueryFlag()
  blocked?: boolean;
}

export class OrganizationView extends LimitFieldsView {
  @ApiProperty({ example: 'org_01m7ykrzh0earb9nt9fe65dsgn' })
  id!: string;

  @ApiProperty({ example: 'Acme' })
  name!: string;

  @ApiProperty({ example: false })
  blocked!: boolean;

  @ApiProperty({
    description: "Whether the platform's provider keys may pay for its calls.",
    example: true,
  })
  platform_credentials!: boolean;

  @ApiProperty(tierProperty)
  rate_limit_tier!: string | null;

  @ApiProperty({
    description: 'What holds: the limits that are set, and those of the tier.',
    type: LimitFieldsView,
  })
  effective_limits!: LimitFieldsView;

  @ApiMetadata({ required: true })
  metadata!: Record<string, unknown>;

  @ApiProperty({ description: 'Grows by one with each change.', example: 1 })
  version!: number;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  created_at!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  updated_at!: string;
}

export class OrganizationListView {
  @ApiProperty({ type: [OrganizationView] })
  data!: OrganizationView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}
