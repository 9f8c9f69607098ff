import { Module } from '@nestjs/common';
import { MaintenanceModule } from '@signalbox/domain/maintenance';
import { MaintenanceRunController } from './maintenance-run.controller';

@Module({ imports: [MaintenanceModule], controllers: [MaintenanceRunController] })
export class MaintenanceApiModule {}
