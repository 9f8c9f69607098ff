import type { BenchmarkTask, TaskCategory } from './task.types';

type TaskText = Pick<BenchmarkTask, 'id' | 'prompt' | 'check' | 'tools'> & {
  readonly weight?: number;
  readonly maxTokens?: number;
};

const usualMaxTokens = 1_024;

export function defineTasks(category: TaskCategory, tasks: readonly TaskText[]): BenchmarkTask[] {
  return tasks.map((task) => ({ weight: 1, maxTokens: usualMaxTokens, ...task, category }));
}
