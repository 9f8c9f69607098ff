import { arithmeticTasks } from './arithmetic.tasks';
import { classificationTasks } from './classification.tasks';
import { codeOutputTasks } from './code-output.tasks';
import { extractionTasks } from './extraction.tasks';
import { instructionTasks } from './instructions.tasks';
import { languageTasks } from './language.tasks';
import { longContextTasks } from './long-context.tasks';
import type { BenchmarkSuite } from './task.types';
import { toolChoiceTasks } from './tool-choice.tasks';

const general1: BenchmarkSuite = {
  id: 'general-1',
  description: 'Small tasks of every kind, each with an answer that can be checked.',
  tasks: [
    ...arithmeticTasks,
    ...extractionTasks,
    ...codeOutputTasks,
    ...classificationTasks,
    ...instructionTasks,
    ...longContextTasks,
    ...languageTasks,
    ...toolChoiceTasks,
  ],
};

const quick1: BenchmarkSuite = {
  id: 'quick-1',
  description:
    'One task of each kind of general-1: whether a model works at all, for a fraction of the price.',
  tasks: general1.tasks.filter(
    (task, index, all) => all.findIndex(({ category }) => category === task.category) === index,
  ),
};

export const suites: readonly BenchmarkSuite[] = [general1, quick1];
export const defaultSuiteId = general1.id;

export function findSuite(id: string): BenchmarkSuite | null {
  return suites.find((suite) => suite.id === id) ?? null;
}
