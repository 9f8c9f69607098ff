export * from './litellm-admin-client';
export * from './litellm-endpoints';
export * from './litellm-error';
export type {
  KeySettings,
  LitellmKey,
  LitellmModel,
  LitellmPage,
  LitellmTeam,
  SignalboxMark,
  TeamSettings,
} from './litellm-types';
export type { LitellmInstance, RunnerAddress } from './runner-state';
