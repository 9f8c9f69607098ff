export { BootstrapModule } from './bootstrap.module';
export { BootstrapService } from './bootstrap.service';
export type { BootstrapOptions, Report } from './bootstrap.types';
