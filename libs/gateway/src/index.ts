export type { ParsedValue, RandomBytes } from './checked-value';
export * from './attempt-failure';
export * from './attempt-failure-classes';
export * from './attempt-failure-fields';
export * from './attempt-outcome';
export * from './attempt-plan';
export * from './breaker';
export * from './breaker-names';
export { candidateAsItIs, performanceSubject } from './candidate-state';
export * from './candidate-pool';
export * from './pool-outlook';
export * from './catalogue-model';
export * from './context-token';
export * from './credential-resolution';
export * from './direct-providers';
export * from './egress-path';
export * from './error-shapes';
export type { FallbackCaller, FallbackCredential } from './fallback-payers';
export * from './fallback-plan';
export * from './forbidden-fields';
export * from './gateway-error-codes';
export * from './key-check';
export * from './limit-counter';
export * from './limit-durations';
export * from './limit-estimate';
export * from './limit-windows';
export * from './llm-routes';
export * from './mistyped-field';
export * from './model-allowlist';
export * from './model-facts';
export * from './model-list';
export * from './projection.documents';
export type {
  ProviderDataPolicy,
  ProviderDialect,
  ProviderEntry,
  ProviderErrorReading,
} from './providers/provider-entry';
export * from './providers/provider-matrix';
export * from './rate-limits';
export * from './random-from';
export * from './route-choice';
export * from './route-choice.types';
export * from './route-target';
export * from './routing-policy';
export * from './scoring/affinity-key';
export * from './scoring/decision-record';
export * from './scoring/difficulty';
export * from './scoring/performance';
export * from './scoring/policy-hash';
export * from './scoring/rank-candidates';
export * from './scoring/request-needs';
export * from './scoring/scoring-rules';
export * from './scoring/scoring.types';
export * from './service-token-value';
export * from './token-prices';
export * from './usage-event';
export * from './virtual-key-value';
