import { ApiProperty, ApiPropertyOptional, OmitType, PartialType, PickType } from '@nestjs/swagger';
import {
  type CredentialOwnerType,
  credentialOwnerTypes,
  type CredentialPurpose,
  credentialPurposes,
  type CredentialState,
  credentialStates,
} from '@signalbox/database';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { IsIdOf, IsMetadata, IsName, IsSearch, IsTimestamp, MayBeLeftOut, Nullable } from '../http/fields';
import { ApiMetadata } from '../http/metadata.property';
import { PageQuery } from '../http/page-query.dto';
import { QueryFlag } from '../http/query-flag';
import { VersionRead } from '../http/version.property';

const userIdPattern = /^[A-Za-z0-9._@+:-]{1,128}$/;
const maxDays = 3_650;

export class CreateCredentialBody {
  @ApiProperty({
    description:
      'Id, name or kind of the provider that the key is for. A well-known kind without a provider gets one.',
    minLength: 1,
    maxLength: 200,
    example: 'openai',
  })
  @IsName()
  provider!: string;

  @ApiProperty({
    description: 'The key itself. It goes into the secret store, and is never shown again but by reveal.',
    maxLength: 4096,
    example: 'sk-proj-0123456789WXYZ',
  })
  @IsString()
  api_key!: string;

  @ApiPropertyOptional({
    description:
      'Whose it is. Left out: workspace with a workspace_id, member with a user_id, else organization with an organization_id or the token of one, else platform.',
    enum: credentialOwnerTypes,
    example: 'workspace',
  })
  @MayBeLeftOut()
  @IsIn(credentialOwnerTypes)
  owner_type?: CredentialOwnerType;

  @ApiPropertyOptional({ example: 'org_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  @MayBeLeftOut()
  @IsIdOf('organization')
  organization_id?: string;

  @ApiPropertyOptional({ example: 'ws_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  @MayBeLeftOut()
  @IsIdOf('workspace')
  workspace_id?: string;

  @ApiPropertyOptional({
    description:
      "A member, by the organization's own name for it. Virtual keys with the same user_id use the key.",
    pattern: userIdPattern.source,
    example: 'ada@example.com',
  })
  @MayBeLeftOut()
  @Matches(userIdPattern, { message: 'user_id must have 1 to 128 letters, digits or . _ @ + : -' })
  user_id?: string;

  @ApiPropertyOptional({
    description: 'inference: pays for calls. admin: makes and revokes other keys at the provider.',
    enum: credentialPurposes,
    default: 'inference',
    example: 'inference',
  })
  @MayBeLeftOut()
  @IsIn(credentialPurposes)
  purpose?: CredentialPurpose;

  @ApiPropertyOptional({
    description: 'For people.',
    type: String,
    nullable: true,
    minLength: 1,
    maxLength: 200,
    example: 'OpenAI of the support team',
  })
  @Nullable()
  @IsName()
  name?: string | null;

  @ApiPropertyOptional({
    description:
      "In place of the provider's own. Private addresses are refused unless the operator allows the host.",
    type: String,
    nullable: true,
    maxLength: 512,
    example: 'https://llm.example.com/v1',
  })
  @Nullable()
  @IsString()
  @MaxLength(512)
  base_url?: string | null;

  @ApiPropertyOptional({
    description: 'When the key ends at the provider. null: not known.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: '2027-11-21T08:00:00.000Z',
  })
  @Nullable()
  @IsTimestamp()
  expires_at?: string | null;

  @ApiPropertyOptional({
    description: 'An owner may have several for a provider, one of them enabled.',
    default: true,
    example: true,
  })
  @MayBeLeftOut()
  @IsBoolean()
  enabled?: boolean;

  @ApiMetadata({ required: false })
  @MayBeLeftOut()
  @IsMetadata()
  metadata?: Record<string, unknown>;

  @ApiPropertyOptional({
    description:
      'Rotate it that often, or be reminded where the provider cannot make keys by API. null: never.',
    type: 'integer',
    nullable: true,
    minimum: 1,
    maximum: maxDays,
    example: 90,
  })
  @Nullable()
  @IsInt()
  @Min(1)
  @Max(maxDays)
  rotate_every_days?: number | null;

  @ApiPropertyOptional({
    description: "How new keys are made by the provider's API: see docs/byok.md. Empty: by hand.",
    type: 'object',
    additionalProperties: true,
    example: {},
  })
  @MayBeLeftOut()
  @IsMetadata()
  rotation?: Record<string, unknown>;
}

/** Only the given fields change. */
export class UpdateCredentialBody extends PartialType(
  PickType(CreateCredentialBody, [
    'name',
    'base_url',
    'expires_at',
    'enabled',
    'metadata',
    'rotate_every_days',
    'rotation',
  ] as const),
  { skipNullProperties: false },
) {
  @VersionRead()
  version?: number;
}

export class RevealCredentialBody {
  @ApiPropertyOptional({
    description: 'For the audit trail.',
    minLength: 1,
    maxLength: 200,
    example: 'nightly export of the billing service',
  })
  @MayBeLeftOut()
  @IsName()
  reason?: string;
}

export class SaveMemberKeyBody extends OmitType(CreateCredentialBody, [
  'owner_type',
  'workspace_id',
  'user_id',
  'purpose',
  'enabled',
] as const) {}

export class ListCredentialsQuery extends PageQuery {
  @ApiPropertyOptional({ description: 'Id, name or kind of the provider.', example: 'openai' })
  @IsOptional()
  @IsSearch()
  provider?: string;

  @ApiPropertyOptional({ example: 'prov_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  @IsOptional()
  @IsIdOf('provider')
  provider_id?: string;

  @ApiPropertyOptional({ enum: credentialOwnerTypes, example: 'workspace' })
  @IsOptional()
  @IsIn(credentialOwnerTypes)
  owner_type?: CredentialOwnerType;

  @ApiPropertyOptional({ example: 'org_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  @IsOptional()
  @IsIdOf('organization')
  organization_id?: string;

  @ApiPropertyOptional({ example: 'ws_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  @IsOptional()
  @IsIdOf('workspace')
  workspace_id?: string;

  @ApiPropertyOptional({ example: 'ada@example.com' })
  @IsOptional()
  @IsSearch()
  user_id?: string;

  @ApiPropertyOptional({ enum: credentialStates, example: 'invalid' })
  @IsOptional()
  @IsIn(credentialStates)
  state?: CredentialState;

  @ApiPropertyOptional({ enum: credentialPurposes, example: 'inference' })
  @IsOptional()
  @IsIn(credentialPurposes)
  purpose?: CredentialPurpose;

  @ApiPropertyOptional({ type: Boolean, example: true })
  @MayBeLeftOut()
  @QueryFlag()
  enabled?: boolean;
}

/** A platform token names the organization; the token of an organization need not. */
export class OfOrganizationQuery {
  @ApiPropertyOptional({ example: 'org_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  @IsOptional()
  @IsIdOf('organization')
  organization_id?: string;
}

export class ListMemberKeysQuery extends PageQuery {
  @ApiPropertyOptional({
    description: 'Needed with a platform token.',
    example: 'org_06f3x2v9k0wz4m8q1r5t7y3b2c',
  })
  @IsOptional()
  @IsIdOf('organization')
  organization_id?: string;
}
