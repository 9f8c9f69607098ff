export { CoreModule, type CoreOptions } from './core.module';
export * from './core.tokens';
export { connectRedis } from './redis-connection';
