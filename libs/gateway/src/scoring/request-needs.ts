import { isRecord } from '@signalbox/common';
import {
  allowedAnswerTokens,
  answersAskedFor,
  type Estimated,
  promptTokens,
  usualAnswerTokens,
} from '../limit-estimate';
import type { RequestNeeds } from './scoring.types';

type Fields = Estimated['fields'];

/** What LiteLLM calls the models that serve a route. */
const modeByRoute: Readonly<Record<string, string>> = {
  chat_completions: 'chat',
  responses: 'chat',
  messages: 'chat',
  count_tokens: 'chat',
  completions: 'completion',
  embeddings: 'embedding',
  image_generations: 'image_generation',
  image_edits: 'image_edit',
  audio_speech: 'audio_speech',
  audio_transcriptions: 'audio_transcription',
  audio_translations: 'audio_transcription',
  rerank: 'rerank',
  moderations: 'moderation',
};
const answeringRoutes: ReadonlySet<string> = new Set([
  'chat_completions',
  'completions',
  'responses',
  'messages',
]);

/** Parts of a message, as OpenAI's two APIs and Anthropic's call them. */
const modalityByPart: Readonly<Record<string, string>> = {
  image_url: 'image',
  image: 'image',
  input_image: 'image',
  computer_screenshot: 'image',
  input_audio: 'audio',
  file: 'file',
  input_file: 'file',
  document: 'file',
  video_url: 'video',
  input_video: 'video',
};
/** Answers are rarely as long as they may be. */
const expectedShareOfAllowed = 4;
/** A message holds parts, and a part that is a tool's result holds parts again. */
const deepestParts = 3;

function collectModalities(items: unknown, depth: number, found: Set<string>): void {
  if (!Array.isArray(items) || depth === 0) return;
  for (const item of items as readonly unknown[]) {
    if (!isRecord(item)) continue;
    const { type, content, output } = item;
    if (typeof type === 'string' && Object.hasOwn(modalityByPart, type)) found.add(modalityByPart[type]!);
    collectModalities(content, depth - 1, found);
    collectModalities(Array.isArray(output) ? output : [output], depth - 1, found);
  }
}

function modalitiesOf({ messages, input }: Fields): readonly string[] {
  const found = new Set<string>();
  collectModalities(messages, deepestParts, found);
  collectModalities(input, deepestParts, found);
  return [...found];
}

function hasTools({ tools, functions }: Fields): boolean {
  return [tools, functions].some((list) => Array.isArray(list) && list.length > 0);
}

function typeOf(value: unknown): unknown {
  return isRecord(value) ? value['type'] : undefined;
}

/** OpenAI's chat, OpenAI's responses, Anthropic's messages (of now, and as it was first called). */
function jsonOf(fields: Fields): RequestNeeds['json'] {
  const { text, output_config: config } = fields;
  const formats = new Set(
    [
      fields['response_format'],
      isRecord(text) ? text['format'] : undefined,
      isRecord(config) ? config['format'] : undefined,
      fields['output_format'],
    ].map(typeOf),
  );
  if (formats.has('json_schema')) return 'schema';
  return formats.has('json_object') ? 'object' : 'none';
}

function expectedAnswerTokens(allowed: number, answers: number): number {
  const share = Math.ceil(allowed / expectedShareOfAllowed);
  const each = allowed === 0 ? usualAnswerTokens : Math.min(allowed, Math.max(usualAnswerTokens, share));
  return each * answers;
}

/** What LiteLLM calls the models that serve this route; null: any may. */
export function modeOfRoute(routeName: string): string | null {
  return Object.hasOwn(modeByRoute, routeName) ? modeByRoute[routeName]! : null;
}

/** What a request asks of a model, by a look at its body. Nothing of the body is kept. */
export function needsOf(body: Estimated, routeName: string, byteLength: number): RequestNeeds {
  const { fields } = body;
  const isAnswered = answeringRoutes.has(routeName);
  const allowed = isAnswered ? allowedAnswerTokens(fields) : 0;
  return {
    promptTokens: promptTokens(body, byteLength),
    cachedPromptTokens: 0,
    maxAnswerTokens: allowed > 0 ? allowed : null,
    expectedAnswerTokens: isAnswered ? expectedAnswerTokens(allowed, answersAskedFor(fields)) : 0,
    mode: modeOfRoute(routeName),
    inputModalities: modalitiesOf(fields),
    needsTools: hasTools(fields),
    json: jsonOf(fields),
  };
}
