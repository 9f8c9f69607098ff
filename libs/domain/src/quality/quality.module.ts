import { Module } from '@nestjs/common';
import { QualityLookup } from './quality-lookup';
import { QualityRepository } from './quality.repository';

@Module({
  providers: [QualityLookup, QualityRepository],
  exports: [QualityLookup],
})
export class QualityModule {}
