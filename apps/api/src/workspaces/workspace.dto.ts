import { ApiProperty, ApiPropertyOptional, OmitType, PartialType } from '@nestjs/swagger';
import { credentialPolicies, type CredentialPolicy, type MirrorState } from '@signalbox/database';
import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsOptional } from 'class-validator';
import { IsIdOf, IsMetadata, IsName, IsNameList, IsSearch, MayBeLeftOut } from '../http/fields';
import { ApiMetadata } from '../http/metadata.property';
import { PageQuery } from '../http/page-query.dto';
import { QueryFlag } from '../http/query-flag';
import { VersionRead } from '../http/version.property';
import { LimitFieldsBody, LimitFieldsView } from '../limits/limit-fields.dto';
import { mirrorStates, MirrorStateView } from '../mirror/mirror-state.view';

const maxModels = 500;

const policyProperty = {
  description:
    "Whose provider keys pay for its calls. byok_only: its own (of the member, the workspace or the organization), never the platform's. byok_then_platform: its own, and the platform's where it has none. platform_only: the platform's.",
  enum: credentialPolicies,
  example: 'byok_then_platform',
};
const fallbackProperty = {
  description:
    "With byok_then_platform: whether the platform's key stands in where all own keys are refused, expired or unreadable. Else such a call is refused (credential_unusable).",
  example: false,
};

export class CreateWorkspaceBody extends LimitFieldsBody {
  @ApiProperty({
    description: 'The organization that it belongs to.',
    example: 'org_01m7ykrzh0earb9nt9fe65dsgn',
  })
  @IsIdOf('organization')
  organization_id!: string;

  @ApiProperty({ description: 'A name for people.', minLength: 1, maxLength: 200, example: 'Support bots' })
  @IsName()
  name!: string;

  @ApiPropertyOptional({
    description:
      'The models that its keys may use: names, or prefix/* for all that start with prefix/. Empty or left out: every model.',
    type: [String],
    maxItems: maxModels,
    example: ['smart', 'openai/*'],
  })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(maxModels)
  @IsNameList()
  models?: string[];

  @ApiPropertyOptional({
    description: 'true: all its virtual keys are refused until it is false again.',
    default: false,
    example: false,
  })
  @MayBeLeftOut()
  @IsBoolean()
  blocked?: boolean;

  @ApiMetadata({ required: false })
  @MayBeLeftOut()
  @IsMetadata()
  metadata?: Record<string, unknown>;

  @ApiPropertyOptional({ ...policyProperty, default: 'byok_then_platform' })
  @MayBeLeftOut()
  @IsIn(credentialPolicies)
  credential_policy?: CredentialPolicy;

  @ApiPropertyOptional({ ...fallbackProperty, default: false })
  @MayBeLeftOut()
  @IsBoolean()
  platform_fallback?: boolean;
}

export class UpdateWorkspaceBody extends PartialType(OmitType(CreateWorkspaceBody, ['organization_id']), {
  skipNullProperties: false,
}) {
  @VersionRead()
  version?: number;
}

export class ListWorkspacesQuery extends PageQuery {
  @ApiPropertyOptional({
    description: 'Only those of this organization.',
    example: 'org_01m7ykrzh0earb9nt9fe65dsgn',
  })
  @IsOptional()
  @IsIdOf('organization')
  organization_id?: string;

  @ApiPropertyOptional({
    description: 'Part of the name or id, in any case.',
    maxLength: 200,
    example: 'bots',
  })
  @IsOptional()
  @IsSearch()
  search?: string;

  @ApiPropertyOptional({ type: Boolean, example: false })
  @IsOptional()
  @QueryFlag()
  blocked?: boolean;

  @ApiPropertyOptional({ description: "Where LiteLLM's copy is.", enum: mirrorStates, example: 'synced' })
  @IsOptional()
  @IsIn(mirrorStates)
  mirror_state?: MirrorState;
}

export class WorkspaceView extends LimitFieldsView {
  @ApiProperty({ example: 'ws_01m7ykrzhceqarzssba2nkwz3b' })
  id!: string;

  @ApiProperty({ example: 'org_01m7ykrzh0earb9nt9fe65dsgn' })
  organization_id!: string;

  @ApiProperty({ example: 'Support bots' })
  name!: string;

  @ApiProperty({ type: [String], example: ['smart', 'openai/*'] })
  models!: string[];

  @ApiProperty({ example: false })
  blocked!: boolean;

  @ApiMetadata({ required: true })
  metadata!: Record<string, unknown>;

  @ApiProperty(policyProperty)
  credential_policy!: CredentialPolicy;

  @ApiProperty(fallbackProperty)
  platform_fallback!: boolean;

  @ApiProperty({ description: "LiteLLM's copy is a team of the same id.", type: MirrorStateView })
  mirror!: MirrorStateView;

  @ApiProperty({ description: 'Grows by one with each change.', example: 1 })
  version!: number;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  created_at!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  updated_at!: string;
}

export class WorkspaceListView {
  @ApiProperty({ type: [WorkspaceView] })
  data!: WorkspaceView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}
