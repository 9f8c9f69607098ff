import { Module } from '@nestjs/common';
import { OutboxModule } from '@signalbox/domain/outbox';
import { ProjectionModule } from '@signalbox/domain/projection';
import { QualityModule } from '@signalbox/domain/quality';
import { FactsRepository } from './facts.repository';
import { FactsService } from './facts.service';

@Module({
  imports: [OutboxModule, ProjectionModule, QualityModule],
  providers: [FactsService, FactsRepository],
  exports: [FactsService],
})
export class FactsModule {}
