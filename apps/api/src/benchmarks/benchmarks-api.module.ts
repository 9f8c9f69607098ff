import { Module } from '@nestjs/common';
import { BenchmarkServiceModule } from '@signalbox/domain/benchmarks';
import { BenchmarkRunController } from './benchmark-run.controller';
import { BenchmarkScheduleController } from './benchmark-schedule.controller';

@Module({
  imports: [BenchmarkServiceModule],
  controllers: [BenchmarkRunController, BenchmarkScheduleController],
})
export class BenchmarksApiModule {}
