export type LintSeverity = 'error' | 'warning' | 'info';

/** Every finding, with its weight. Each is explained in docs/config-lint.md, which a test holds against this table. */
export const lintCodes = {
  base_url_missing: 'error',
  kind_unknown: 'error',
  model_name_reserved: 'error',
  param_not_allowed: 'error',
  wildcard_upstream_without_wildcard_name: 'error',
  base_url_path_suspicious: 'warning',
  catalogue_entry_unknown: 'warning',
  config_empty: 'warning',
  credential_disabled: 'warning',
  credential_missing: 'warning',
  demo_beside_real: 'warning',
  demo_mode_unsupported: 'warning',
  key_sent_in_clear: 'warning',
  model_without_deployments: 'warning',
  platform_key_to_other_host: 'warning',
  prefix_repeated: 'warning',
  prefix_unknown: 'warning',
  price_partial: 'warning',
  price_zero: 'warning',
  weight_partial: 'warning',
  wildcard_name_without_wildcard_upstream: 'warning',
  catch_all_model: 'info',
  demo_model: 'info',
  deployment_left_out: 'info',
  duplicate_deployment: 'info',
  model_left_out: 'info',
  no_way_around_litellm: 'info',
  price_unknown: 'info',
  wildcard_overlap: 'info',
} as const satisfies Record<string, LintSeverity>;

export type LintCode = keyof typeof lintCodes;

export interface LintFinding {
  severity: LintSeverity;
  code: LintCode;
  /** What it is about, such as models.gpt-4o.deployments.dep_1.litellm_params.rpm. */
  path: string;
  message: string;
  /** What to do about it. */
  advice: string;
}

export function finding(code: LintCode, path: string, message: string, advice: string): LintFinding {
  return { severity: lintCodes[code], code, path, message, advice };
}
