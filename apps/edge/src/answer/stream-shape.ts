import { isRecord } from '@signalbox/common';

/** What the events of a route look like. The route decides, not the caller's headers. */
export type StreamShape = 'chat' | 'responses' | 'messages' | 'other';

export function streamShapeOf(routeName: string): StreamShape {
  if (routeName === 'chat_completions' || routeName === 'completions') return 'chat';
  return routeName === 'responses' || routeName === 'messages' ? routeName : 'other';
}

/** A stream of another shape has no known last event: whoever ends the connection cleanly has ended it. */
export function hasKnownEnd(shape: StreamShape): boolean {
  return shape !== 'other';
}

const marks: Readonly<Record<StreamShape, readonly Buffer[]>> = {
  chat: ['error', '[DONE]', 'event:'].map((text) => Buffer.from(text)),
  responses: ['error', '[DONE]', 'response.completed', 'response.incomplete', 'response.failed'].map((text) =>
    Buffer.from(text),
  ),
  messages: ['error', '[DONE]', 'message_stop'].map((text) => Buffer.from(text)),
  other: ['error'].map((text) => Buffer.from(text)),
};
const usageMark = Buffer.from('"usage"');
const [space, colon, brace] = [0x20, 0x3a, 0x7b];

/** `"usage": {`; many send `"usage": null` in every event. */
function hasUsageObject(bytes: Buffer): boolean {
  let at = bytes.indexOf(usageMark);
  while (at >= 0) {
    let next = at + usageMark.length;
    while (bytes[next] === space || bytes[next] === colon) next += 1;
    if (bytes[next] === brace) return true;
    at = bytes.indexOf(usageMark, next);
  }
  return false;
}

/** Whether bytes may hold anything but content: only then are they decoded at all. */
export function needsLook(shape: StreamShape, bytes: Buffer): boolean {
  return marks[shape].some((mark) => bytes.includes(mark)) || hasUsageObject(bytes);
}

export interface StreamEvent {
  name: string | null;
  /** Its data lines; null: a comment, or nothing. */
  data: string | null;
}

export function readEvent(text: string): StreamEvent {
  const event: StreamEvent = { name: null, data: null };
  for (const line of text.split(/\r?\n/)) {
    const colonAt = line.indexOf(':');
    if (colonAt < 1) continue;
    const value = line[colonAt + 1] === ' ' ? line.slice(colonAt + 2) : line.slice(colonAt + 1);
    const field = line.slice(0, colonAt);
    if (field === 'event') event.name = value;
    if (field === 'data') event.data = event.data === null ? value : `${event.data}\n${value}`;
  }
  return event;
}

export function typeOf({ name }: StreamEvent, value: unknown): string | null {
  if (isRecord(value) && typeof value['type'] === 'string') return value['type'];
  return name;
}

/** An error: by its name, by its type, or by a top-level `error`, which LiteLLM and OpenRouter put into nameless events. */
export function isErrorEvent(event: StreamEvent, value: unknown): boolean {
  if (event.name === 'error' || typeOf(event, value) === 'error') return true;
  return isRecord(value) && value['error'] !== undefined && value['error'] !== null;
}

export function isEndEvent(shape: StreamShape, event: StreamEvent, value: unknown): boolean {
  if (shape === 'chat') return event.data === '[DONE]';
  const type = typeOf(event, value);
  if (shape === 'messages') return type === 'message_stop';
  return shape === 'responses' && /^response\.(completed|incomplete|failed)$/.test(type ?? '');
}

const preambles: Readonly<Record<StreamShape, ReadonlySet<string>>> = {
  chat: new Set(),
  responses: new Set([
    'response.created',
    'response.in_progress',
    'response.queued',
    'response.output_item.added',
    'response.content_part.added',
  ]),
  messages: new Set(['message_start', 'content_block_start', 'content_block_stop', 'ping']),
  other: new Set(),
};

function choicesOf(value: unknown): unknown[] | null {
  return isRecord(value) && Array.isArray(value['choices']) ? (value['choices'] as unknown[]) : null;
}

function isOpen(choice: Record<string, unknown>): boolean {
  return choice['finish_reason'] === null || choice['finish_reason'] === undefined;
}

function isWordless(choice: unknown): choice is Record<string, unknown> {
  if (!isRecord(choice) || !isRecord(choice['delta'])) return false;
  return Object.entries(choice['delta']).every(
    ([name, one]) => name === 'role' || one === '' || one === null,
  );
}

/** Of a message: it may end here, though nothing was said. */
function endsTurn(value: unknown): boolean {
  const delta = isRecord(value) && isRecord(value['delta']) ? value['delta'] : {};
  return [undefined, null, 'end_turn'].includes(delta['stop_reason'] as string | null | undefined);
}

/**
 * Events that say nothing yet. LiteLLM writes those at the beginning of /v1/messages and /v1/responses itself, before it has heard a
 * word of the provider, so an error right after them is still one before the answer; and it makes an answer that ends in good order
 * of a provider's empty stream (run: 1.103.1).
 */
export function isPreamble(shape: StreamShape, event: StreamEvent, value: unknown): boolean {
  if (shape === 'chat') {
    const mayEnd = (choice: Record<string, unknown>): boolean =>
      isOpen(choice) || choice['finish_reason'] === 'stop';
    return choicesOf(value)?.every((choice) => isWordless(choice) && mayEnd(choice)) ?? false;
  }
  const type = typeOf(event, value) ?? '';
  return type === 'message_delta' ? endsTurn(value) : preambles[shape].has(type);
}

/** Of a chat: a chunk that says nothing but the usage. OpenAI sends no choices in it, LiteLLM one with an empty delta. */
export function saysOnlyUsage(value: unknown): boolean {
  return choicesOf(value)?.every((choice) => isWordless(choice) && isOpen(choice)) ?? false;
}

export function modelOf(value: unknown): string | null {
  if (!isRecord(value)) return null;
  const inner = value['response'] ?? value['message'];
  const model = value['model'] ?? (isRecord(inner) ? inner['model'] : undefined);
  return typeof model === 'string' ? model.slice(0, 512) : null;
}

/** Where the usage stands in an event. */
export function usageOfEvent(value: unknown): unknown {
  if (!isRecord(value)) return null;
  const inner = value['response'] ?? value['message'];
  return value['usage'] ?? (isRecord(inner) ? inner['usage'] : null);
}
