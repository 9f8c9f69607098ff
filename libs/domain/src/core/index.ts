export { CoreModule, type CoreOptions } from './core.module';
export * from './core.tokens';
