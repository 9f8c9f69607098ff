import type { ServiceEntity } from '@signalbox/database';
import { limitsOf, toLimitSettings } from '@signalbox/domain/limits';
import type { CreateService, ServiceFilter, UpdateService } from '@signalbox/domain/services';
import type { CreateServiceBody, ListServicesQuery, ServiceView, UpdateServiceBody } from './service.dto';

export function toServiceView(service: ServiceEntity): ServiceView {
  return {
    id: service.id,
    organization_id: service.organizationId,
    name: service.name,
    ...limitsOf(service),
    version: service.version,
    created_at: service.createdAt.toISOString(),
    updated_at: service.updatedAt.toISOString(),
  };
}

export function toCreateService(body: CreateServiceBody): CreateService {
  return { organizationId: body.organization_id, name: body.name, ...toLimitSettings(body) };
}

export function toUpdateService(body: UpdateServiceBody): UpdateService {
  return { name: body.name, version: body.version, ...toLimitSettings(body) };
}

export function toServiceFilter(query: ListServicesQuery): ServiceFilter {
  return { organizationId: query.organization_id, search: query.search };
}
