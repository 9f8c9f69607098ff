import { Module } from '@nestjs/common';
import { OutboxModule } from '@signalbox/domain/outbox';
import { HousekeepingRepository } from './housekeeping.repository';
import { HousekeepingService } from './housekeeping.service';

@Module({
  imports: [OutboxModule],
  providers: [HousekeepingRepository, HousekeepingService],
  exports: [HousekeepingService],
})
export class HousekeepingModule {}
