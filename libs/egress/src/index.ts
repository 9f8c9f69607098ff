export * from './address-policy';
export { checkUrl, type UrlVerdict } from './check-url';
export { EgressError, type EgressReason, forbiddenReasons, toEgressError } from './egress-error';
export { guardedAgent, type GuardedAgentOptions } from './guarded-agent';
export { checkedUrl } from './url-rules';
export { sturdyConnector } from './sturdy-connector';
export { guardedFetch, type GuardedRequest } from './guarded-fetch';
