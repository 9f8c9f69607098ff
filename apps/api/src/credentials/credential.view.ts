import { ApiProperty } from '@nestjs/swagger';
import {
  type CredentialOwnerType,
  credentialOwnerTypes,
  type CredentialPurpose,
  credentialPurposes,
  type CredentialState,
  credentialStates,
} from '@signalbox/database';
import { ApiMetadata } from '../http/metadata.property';

const time = { type: String, format: 'date-time', example: '2026-11-21T08:00:00.000Z' } as const;
const maybe = { type: String, nullable: true } as const;
const sources = ['env', 'api', 'store'] as const;
export const probeOutcomes = [
  'valid',
  'invalid',
  'out_of_credit',
  'forbidden',
  'rate_limited',
  'provider_down',
  'unreachable',
  'unknown',
] as const;

export class CredentialProviderView {
  @ApiProperty({ example: 'prov_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ example: 'openai' })
  name!: string;

  @ApiProperty({ example: 'openai' })
  kind!: string;
}

export class CredentialView {
  @ApiProperty({ example: 'cred_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ type: CredentialProviderView })
  provider!: CredentialProviderView;

  @ApiProperty({ enum: credentialOwnerTypes, example: 'workspace' })
  owner_type!: CredentialOwnerType;

  @ApiProperty({ ...maybe, description: 'null: the platform.', example: 'org_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  organization_id!: string | null;

  @ApiProperty({ ...maybe, example: 'ws_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  workspace_id!: string | null;

  @ApiProperty({ ...maybe, example: null })
  user_id!: string | null;

  @ApiProperty({ enum: credentialPurposes, example: 'inference' })
  purpose!: CredentialPurpose;

  @ApiProperty({
    description:
      'api: saved here. env: a variable of LiteLLM. store: put into the secret store by hand and found there.',
    enum: sources,
    example: 'api',
  })
  source!: string;

  @ApiProperty({ ...maybe, description: 'The variable, with the source env.', example: null })
  reference!: string | null;

  @ApiProperty({ ...maybe, example: 'OpenAI of the support team' })
  name!: string | null;

  @ApiProperty({ description: 'What may be shown of the key.', example: 'sk-proj-...WXYZ' })
  key_name!: string;

  @ApiProperty({ example: 'WXYZ' })
  last4!: string;

  @ApiProperty({
    description: 'The same for the same key, and says nothing of it (HMAC-SHA256).',
    example: '9f86d081884c7d659a2feaa0c55ad015',
  })
  fingerprint!: string;

  @ApiProperty({ ...maybe, example: 'https://llm.example.com/v1' })
  base_url!: string | null;

  @ApiProperty({ example: true })
  enabled!: boolean;

  @ApiProperty({ description: 'See docs/credentials.md.', enum: credentialStates, example: 'verified' })
  state!: CredentialState;

  @ApiProperty({ ...maybe, description: 'A stable word for why.', example: null })
  state_reason!: string | null;

  @ApiProperty({ ...maybe, description: 'The same for people.', example: null })
  state_detail!: string | null;

  @ApiProperty(time)
  state_since!: string;

  @ApiProperty({ ...time, nullable: true, description: 'When the provider last accepted it.' })
  verified_at!: string | null;

  @ApiProperty({ ...time, nullable: true, description: 'When the provider was last asked.' })
  checked_at!: string | null;

  @ApiProperty({ ...time, nullable: true })
  next_check_at!: string | null;

  @ApiProperty({ ...time, nullable: true, description: 'When the key ends at the provider.' })
  expires_at!: string | null;

  @ApiProperty({ ...time, nullable: true })
  last_used_at!: string | null;

  @ApiProperty({ type: 'integer', nullable: true, example: 90 })
  rotate_every_days!: number | null;

  @ApiProperty({ ...time, nullable: true })
  next_rotation_at!: string | null;

  @ApiProperty({
    description: "How new keys are made by the provider's API.",
    type: 'object',
    additionalProperties: true,
    example: {},
  })
  rotation!: Record<string, unknown>;

  @ApiMetadata({ required: true })
  metadata!: Record<string, unknown>;

  @ApiProperty({ type: 'integer', description: 'Grows by one with each change.', example: 1 })
  version!: number;

  @ApiProperty({ example: 'tok_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  created_by!: string;

  @ApiProperty(time)
  created_at!: string;

  @ApiProperty(time)
  updated_at!: string;
}

export class CredentialCheckView {
  @ApiProperty({ description: 'The provider accepts the key.', example: true })
  ok!: boolean;

  @ApiProperty({ enum: probeOutcomes, example: 'valid' })
  outcome!: (typeof probeOutcomes)[number];

  @ApiProperty({ description: 'For people.', example: 'The provider accepts the key.' })
  detail!: string;

  @ApiProperty({ type: 'integer', nullable: true, description: 'null: there was no answer.', example: 200 })
  http_status!: number | null;

  @ApiProperty({ ...maybe, description: "The provider's own word.", example: null })
  code!: string | null;

  @ApiProperty({
    description: 'How much the answer says of the key.',
    enum: ['sure', 'probable', 'none'],
    example: 'sure',
  })
  certainty!: string;
}

export class CheckedCredentialView extends CredentialView {
  @ApiProperty({
    type: CredentialCheckView,
    nullable: true,
    description: 'null: no answer in time; the check goes on in the background.',
  })
  check!: CredentialCheckView | null;
}

export class RevealedCredentialView {
  @ApiProperty({ example: 'cred_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ type: CredentialProviderView })
  provider!: CredentialProviderView;

  @ApiProperty({ description: 'The key. Do not log it.', example: 'sk-proj-0123456789WXYZ' })
  api_key!: string;

  @ApiProperty({ ...maybe, example: 'https://llm.example.com/v1' })
  base_url!: string | null;

  @ApiProperty({ enum: credentialStates, example: 'verified' })
  state!: CredentialState;

  @ApiProperty({ ...time, nullable: true })
  expires_at!: string | null;
}

export class CredentialPage {
  @ApiProperty({ type: [CredentialView] })
  data!: CredentialView[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Send it as cursor for the next page; null: the last one.',
    example: null,
  })
  next_cursor!: string | null;
}
