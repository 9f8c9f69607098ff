export { BenchmarkServiceModule, BenchmarksModule } from './benchmarks.module';
export type { ModelReport, BenchmarkReport } from './runs/benchmark-run.service';
export { BenchmarkRunService } from './runs/benchmark-run.service';
export { BenchmarkRunner } from './runs/benchmark-runner';
export type { BenchmarkRunDetails } from './runs/benchmark.types';
export { BenchmarkScheduleService } from './schedules/benchmark-schedule.service';
export { suites, defaultSuiteId } from './suites/suites';
export type { BenchmarkSuite } from './suites/task.types';
