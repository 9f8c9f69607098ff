export * from './load-config';
export { readProductVersion } from './product-version';
export { ConfigError, type Environment } from './parse-environment';
export { entriesOf, readPrivateFile } from './private-file';
