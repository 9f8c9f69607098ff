import { Injectable } from '@nestjs/common';
import { BenchmarkRunner } from '@signalbox/domain/benchmarks';

@Injectable()
export class BenchmarkProcessor {
  constructor(private readonly runner: BenchmarkRunner) {}

  async advance(signal: AbortSignal): Promise<void> {
    await this.runner.advance(signal);
  }
}
