import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class LintFindingView {
  @ApiProperty({ enum: ['error', 'warning', 'info'], example: 'warning' })
  severity!: string;

  @ApiProperty({ description: 'Explained in docs/config-lint.md.', example: 'credential_missing' })
  code!: string;

  @ApiProperty({ example: 'models.smart.deployments.dep_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  path!: string;

  @ApiProperty({ example: 'There is no key for OpenAI.' })
  message!: string;

  @ApiProperty({ description: 'What to do about it.', example: 'Set OPENAI_API_KEY and start again.' })
  advice!: string;
}

class DeploymentSummaryView {
  @ApiProperty({ example: 'dep_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ example: 'smart' })
  model!: string;

  @ApiProperty({ example: 'openai/gpt-4o-mini' })
  litellm_model!: string;
}

class SettingChangeView {
  @ApiProperty({ example: 'litellm_params.rpm' })
  path!: string;

  @ApiPropertyOptional({ description: 'Missing: there was no such setting.', example: 100 })
  before?: unknown;

  @ApiPropertyOptional({ description: 'Missing: there is no such setting any more.', example: 500 })
  after?: unknown;
}

class DeploymentChangeView {
  @ApiProperty({ example: 'dep_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ example: 'smart' })
  model!: string;

  @ApiProperty({ type: [SettingChangeView] })
  changes!: SettingChangeView[];
}

export class ConfigDiffView {
  @ApiProperty({ type: [DeploymentSummaryView] })
  added!: DeploymentSummaryView[];

  @ApiProperty({ type: [DeploymentSummaryView] })
  removed!: DeploymentSummaryView[];

  @ApiProperty({ type: [DeploymentChangeView] })
  changed!: DeploymentChangeView[];

  @ApiProperty({ type: [SettingChangeView] })
  settings!: SettingChangeView[];
}

class ReleaseReferenceView {
  @ApiProperty({ example: 'rel_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  id!: string;

  @ApiProperty({ example: 3 })
  number!: number;
}

export class ConfigPlanView {
  @ApiProperty({ description: 'false: an apply would change nothing.', example: true })
  changed!: boolean;

  @ApiProperty({ description: 'What runs now.', type: ReleaseReferenceView, nullable: true })
  base_release!: ReleaseReferenceView | null;

  @ApiProperty({ description: 'What is being applied now.', type: ReleaseReferenceView, nullable: true })
  release_in_progress!: ReleaseReferenceView | null;

  @ApiProperty({ type: ConfigDiffView })
  diff!: ConfigDiffView;

  @ApiProperty({ type: [LintFindingView] })
  lint!: LintFindingView[];

  @ApiProperty({ type: [String], example: ['dep_06f3x2v9k0wz4m8q1r5t7y3b2c'] })
  deployment_ids!: string[];

  @ApiProperty({ description: "LiteLLM's config.yaml as it would be.", example: 'model_list: []' })
  config_yaml!: string;
}
