import type {
  BenchmarkInterval,
  BenchmarkResultEntity,
  BenchmarkResultState,
  BenchmarkRunEntity,
} from '@signalbox/database';

export interface StartBenchmark {
  readonly models: readonly string[];
  readonly suite: string;
  readonly samples: number;
  readonly capNanoUsd: number;
  readonly allowUnpriced: boolean;
}

export interface ScheduleBenchmark extends StartBenchmark {
  readonly every: BenchmarkInterval;
}

export type ResultCounts = Readonly<Record<BenchmarkResultState, number>>;

export interface BenchmarkRunDetails {
  readonly run: BenchmarkRunEntity;
  readonly counts: ResultCounts;
}

/** One result: the names of its row. */
export type ResultKey = Pick<BenchmarkResultEntity, 'model' | 'task' | 'sample'>;

export interface ResultFilter {
  readonly model?: string | undefined;
  readonly state?: BenchmarkResultState | undefined;
}

/** How a call ended. What it cost is taken off what was reserved for it. */
export interface Settlement extends Pick<
  BenchmarkResultEntity,
  | 'state'
  | 'firstByteMs'
  | 'durationMs'
  | 'promptTokens'
  | 'completionTokens'
  | 'requestId'
  | 'failure'
  | 'detail'
> {
  /** From 0 to 1. */
  readonly score: number | null;
  /** unknown: what was reserved counts as spent. */
  readonly costNanoUsd: number | 'unknown';
}
