import { Module } from '@nestjs/common';
import { OrganizationsModule } from '@signalbox/domain/organizations';
import { OrganizationController } from './organization.controller';

@Module({ imports: [OrganizationsModule], controllers: [OrganizationController] })
export class OrganizationsApiModule {}
