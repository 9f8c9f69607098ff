export { CoreModule, type CoreOptions } from './core.module';
export * from './core.tokens';
export { LastReport } from './last-report';
export { requireVersion } from './require-version';
