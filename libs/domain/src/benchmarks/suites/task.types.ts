export const taskCategories = [
  'arithmetic',
  'extraction',
  'code_output',
  'classification',
  'instructions',
  'long_context',
  'languages',
  'tool_choice',
] as const;
export type TaskCategory = (typeof taskCategories)[number];

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** What an answer must keep to, each by itself. */
export type TextRule =
  | { readonly rule: 'lines'; readonly count: number }
  | { readonly rule: 'words'; readonly min: number; readonly max: number }
  | { readonly rule: 'starts_with' | 'ends_with' | 'contains' | 'lacks'; readonly text: string }
  | { readonly rule: 'each_line_starts_with'; readonly text: string }
  | { readonly rule: 'sorted_lines' | 'lower_case' | 'upper_case' };

/** How an answer is judged: data only, so that nothing of what a model says is ever run. */
export type AnswerCheck =
  /** The last number of the answer. */
  | { readonly kind: 'number'; readonly value: string }
  /** One of these, and no other; in any case and punctuation. */
  | { readonly kind: 'text'; readonly accepted: readonly string[] }
  /** Line by line, as a program would have printed it. */
  | { readonly kind: 'output'; readonly value: string }
  /** The one of the options that the answer names. */
  | { readonly kind: 'choice'; readonly options: readonly string[]; readonly value: string }
  /** The share of the fields that are right. */
  | { readonly kind: 'json'; readonly value: Json }
  /** All of these stand in the answer, in any case. */
  | { readonly kind: 'contains'; readonly all: readonly string[] }
  /** The share of the rules that are kept. */
  | { readonly kind: 'rules'; readonly rules: readonly TextRule[] }
  /** The one tool that is to be called; half for the right tool with wrong arguments. */
  | { readonly kind: 'tool'; readonly name: string; readonly arguments: { readonly [name: string]: Json } }
  /** No tool is to be called, and the answer is this. */
  | { readonly kind: 'no_tool'; readonly accepted: readonly string[] };

export interface TaskTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of its arguments. */
  readonly parameters: { readonly [name: string]: Json };
}

export interface BenchmarkTask {
  /** Unique in its suite. */
  readonly id: string;
  readonly category: TaskCategory;
  readonly prompt: string;
  readonly tools?: readonly TaskTool[];
  /** Generous: models that think first spend most of it on that. */
  readonly maxTokens: number;
  readonly weight: number;
  readonly check: AnswerCheck;
}

/** A suite never changes: results of one version compare with each other. What is to change becomes another version. */
export interface BenchmarkSuite {
  /** Name and version, such as general-1. */
  readonly id: string;
  readonly description: string;
  readonly tasks: readonly BenchmarkTask[];
}
