import { Module } from '@nestjs/common';
import { AuditModule } from '@signalbox/domain/audit';
import { OutboxModule } from '@signalbox/domain/outbox';
import { ProjectionModule } from '@signalbox/domain/projection';
import { VirtualKeyFactory } from './virtual-key.factory';
import { VirtualKeyRepository } from './virtual-key.repository';
import { VirtualKeyService } from './virtual-key.service';
import { VirtualKeyValues } from './virtual-key-values.service';

@Module({
  imports: [AuditModule, OutboxModule, ProjectionModule],
  providers: [VirtualKeyRepository, VirtualKeyFactory, VirtualKeyService, VirtualKeyValues],
  exports: [VirtualKeyService, VirtualKeyValues],
})
export class VirtualKeyModule {}
