export type { ServiceFilter } from './service.repository';
export { type CreateService, ServiceService, type UpdateService } from './service.service';
export { ServicesModule } from './services.module';
