export type { OrganizationFilter } from './organization.repository';
export { OrganizationService } from './organization.service';
export type { CreateOrganization, UpdateOrganization } from './organization.service';
export { OrganizationsModule } from './organizations.module';
