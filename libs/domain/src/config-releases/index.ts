export type { CompiledConfig } from './compile-litellm-config';
export { ConfigReleasesModule } from './config-release.module';
export {
  type ApplyOptions,
  type ConfigPlan,
  ConfigReleaseService,
  type CurrentReleases,
  type RollbackOptions,
} from './config-release.service';
export type { ConfigSnapshot } from './config-snapshot';
export type { ConfigDiff, SettingChange } from './diff-configs';
export type { LintFinding } from './lint-finding';
export type { ReleaseFilter } from './release.repository';
export { RunnerControl } from './runner-control';
export { type IdDifference, idDifference, type RunnerReport } from './runner-report';
export { type DesiredRelease, runnerCaller, RunnerReleaseService } from './runner-release.service';
