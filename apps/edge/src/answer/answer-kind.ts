import type { IncomingHttpHeaders } from 'node:http';
import type { UpstreamCallOptions } from './call-options';

/** How the body of a 2xx is read. */
export type AnswerKind =
  | 'events'
  | 'json'
  /** Not what was asked for: it is read only because it may hold an error. */
  | 'json_instead'
  | 'text'
  /** Passed on as it comes. */
  | 'bytes'
  | 'wrong';

const isJson = /^application\/([\w.-]+\+)?json\b/i;
const isEvents = /^text\/event-stream\b/i;
const isHtml = /^text\/html\b/i;
const isSpeech = /^(audio\/|application\/octet-stream\b)/i;
const isTranscript = /^(text\/|application\/(x-subrip|octet-stream)\b)/i;

const kindsOfMedia = new Map<string, RegExp>([
  ['audio_transcriptions', isTranscript],
  ['audio_translations', isTranscript],
]);
const mustStream = new Set(['chat_completions', 'completions', 'responses', 'messages']);
/** An event stream without `stream: true`: `stream_format: "sse"` asks for it. */
const mayStream = new Set(['audio_speech', 'audio_transcriptions', 'image_generations', 'image_edits']);

export function answerKind(
  { routeName, isStream }: Pick<UpstreamCallOptions, 'routeName' | 'isStream'>,
  headers: IncomingHttpHeaders,
): AnswerKind {
  const type = headers['content-type'] ?? '';
  const isBound = isStream && mustStream.has(routeName);
  if (isEvents.test(type)) return isBound || mayStream.has(routeName) ? eventsKind(headers) : 'wrong';
  if (isJson.test(type)) return isBound || routeName === 'audio_speech' ? 'json_instead' : 'json';
  if (isHtml.test(type)) return 'wrong';
  if (routeName === 'audio_speech') return isSpeech.test(type) ? 'bytes' : 'wrong';
  return kindsOfMedia.get(routeName)?.test(type) ? 'text' : 'wrong';
}

/** We ask for streams uncompressed: a compressed one could not be watched for its end. */
function eventsKind(headers: IncomingHttpHeaders): AnswerKind {
  return isEncoded(headers) ? 'wrong' : 'events';
}

export function isEncoded(headers: IncomingHttpHeaders): boolean {
  const encoding = headers['content-encoding'];
  return encoding !== undefined && encoding !== '' && encoding.toLowerCase() !== 'identity';
}

/** Without these fields an answer of the route says nothing. */
const neededFields: Readonly<Record<string, string>> = {
  chat_completions: 'choices',
  completions: 'choices',
  responses: 'output',
  messages: 'content',
  embeddings: 'data',
  image_generations: 'data',
};

export function lackedField(routeName: string, body: object): string | null {
  const needed = neededFields[routeName];
  if (needed === undefined) return null;
  const value: unknown = Reflect.get(body, needed);
  const isEmpty = needed === 'choices' && Array.isArray(value) && value.length === 0;
  return value === undefined || value === null || isEmpty ? needed : null;
}
