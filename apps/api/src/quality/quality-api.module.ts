import { Module } from '@nestjs/common';
import { QualityModule } from '@signalbox/domain/quality';
import { QualityProposalController } from './quality-proposal.controller';
import { QualityController } from './quality.controller';

@Module({
  imports: [QualityModule],
  controllers: [QualityProposalController, QualityController],
})
export class QualityApiModule {}
