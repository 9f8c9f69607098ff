export * from './load-config';
export { ConfigError, type Environment } from './parse-environment';
