import type { ConfigSnapshot } from './config-snapshot';
import type { LintFinding } from './lint-finding';

export function lintConfig(_snapshot: ConfigSnapshot): LintFinding[] {
  return [];
}
