import type { BenchmarkTask } from '../../libs/domain/src/benchmarks/suites/task.types';
import { suites } from '../../libs/domain/src/benchmarks/suites/suites';
import type { ModelAnswer } from '../../libs/domain/src/benchmarks/answers/check-answer';

/** Where the check does not say by itself what is right. */
const written: Record<string, string> = {
  'instructions-lines': '- red\n- green\n- blue\n- yellow',
  'instructions-lower-case': 'when the rain comes i am glad of my umbrella',
  'instructions-frame':
    'Bridges carry people and goods across valleys, roads and tracks, and the best of them last for centuries with little care.',
  'instructions-stated-format': 'TICKET 4711 | 12.50 EUR | ZONES 3',
};

/** What a model that knows everything would say. */
export function rightAnswer({ id, check }: BenchmarkTask): ModelAnswer {
  const text = (said: string): ModelAnswer => ({ text: said, toolCalls: [] });
  switch (check.kind) {
    case 'number':
    case 'output':
    case 'choice':
      return text(check.value);
    case 'text':
    case 'no_tool':
      return text(check.accepted[0] ?? '');
    case 'json':
      return text(JSON.stringify(check.value));
    case 'contains':
      return text(check.all.join(' '));
    case 'rules':
      return text(written[id] ?? '');
    case 'tool':
      return {
        text: '',
        toolCalls: [{ name: check.name, arguments: JSON.stringify(check.arguments) }],
      };
  }
}

export function taskOfPrompt(prompt: string): BenchmarkTask | null {
  return suites.flatMap(({ tasks }) => tasks).find((task) => task.prompt === prompt) ?? null;
}
