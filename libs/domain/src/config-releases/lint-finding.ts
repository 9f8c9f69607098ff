export type LintSeverity = 'error' | 'warning' | 'info';

export interface LintFinding {
  severity: LintSeverity;
  /** Documented in docs/config-lint.md. */
  code: string;
  /** What it is about, such as models.gpt-4o.deployments.dep_1.litellm_params.rpm. */
  path: string;
  message: string;
  /** What to do about it. */
  advice: string;
}
