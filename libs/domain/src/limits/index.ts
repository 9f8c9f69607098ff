export {
  givenLimits,
  type LimitColumns,
  limitColumns,
  limitsOf,
  type LimitSettings,
  noLimits,
  toLimitSettings,
} from './limit-columns';
