import { ApiProperty } from '@nestjs/swagger';

class DeploymentInUseView {
  @ApiProperty({ example: 'dep_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ example: 'mdl_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  model_id!: string;

  @ApiProperty({ description: 'What clients ask for.', example: 'smart' })
  model!: string;

  @ApiProperty({ example: 'prov_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  provider_id!: string;

  @ApiProperty({ example: 'gpt-4-32k' })
  upstream_model!: string;

  @ApiProperty({ example: true })
  enabled!: boolean;
}

class PolicyInUseView {
  @ApiProperty({ enum: ['platform', 'organization', 'workspace'], example: 'workspace' })
  scope!: string;

  @ApiProperty({ example: 'ws_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'org_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  organization_id!: string | null;

  @ApiProperty({ example: 'Search' })
  name!: string;

  @ApiProperty({
    description: 'Where the rules name the model.',
    type: [String],
    example: ['groups.smart.models'],
  })
  places!: string[];
}

class KeyInUseView {
  @ApiProperty({ example: 'key_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ type: String, nullable: true, example: 'backend' })
  key_alias!: string | null;

  @ApiProperty({ example: 'org_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  organization_id!: string;

  @ApiProperty({ example: 'ws_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  workspace_id!: string;

  @ApiProperty({ description: "The key's own list of models names it.", example: true })
  is_named!: boolean;

  @ApiProperty({ description: 'Of the last seven days.', example: 120 })
  request_count!: number;
}

class TenantInUseView {
  @ApiProperty({ example: 'org_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  organization_id!: string;

  @ApiProperty({ example: 'Acme' })
  name!: string;

  @ApiProperty({ description: 'Of the last seven days.', example: 1200 })
  request_count!: number;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-11-21T08:00:00.000Z' })
  last_used_at!: string | null;
}

export class DeprecationView {
  @ApiProperty({ description: 'The entry of the catalogue.', example: 'openai/gpt-4-32k' })
  id!: string;

  @ApiProperty({ example: 'OpenAI: GPT-4 32k' })
  name!: string;

  @ApiProperty({ enum: ['deprecated', 'vanished'], example: 'deprecated' })
  status!: string;

  @ApiProperty({
    description: 'When its maker takes it away.',
    type: String,
    nullable: true,
    example: '2027-03-31',
  })
  expires_on!: string | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  vanished_at!: string | null;

  @ApiProperty({
    description: 'Of the same vendor and mode, the nearest by price and context.',
    type: String,
    nullable: true,
    example: 'openai/gpt-4o',
  })
  replacement_id!: string | null;

  @ApiProperty({ type: [DeploymentInUseView] })
  deployments!: DeploymentInUseView[];

  @ApiProperty({
    description: 'Rules of routing that name one of the models; 200 at most.',
    type: [PolicyInUseView],
  })
  policies!: PolicyInUseView[];

  @ApiProperty({
    description: 'Keys that name one of the models or used it; 200 at most.',
    type: [KeyInUseView],
  })
  keys!: KeyInUseView[];

  @ApiProperty({ description: 'Organizations that used it, most requests first.', type: [TenantInUseView] })
  tenants!: TenantInUseView[];
}

export class DeprecationList {
  @ApiProperty({ type: [DeprecationView] })
  data!: DeprecationView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}
