/** What a chat said, and what is wrong with it (null: complete and right). */
export interface ChatReading {
  text: string;
  body: unknown;
  problem: string | null;
}

interface Choice {
  message?: { content?: unknown };
  delta?: { content?: unknown };
  finish_reason?: unknown;
}

interface ChatBody {
  choices?: Choice[];
  error?: { message?: unknown; code?: unknown };
}

function parse(raw: string): ChatBody | null {
  try {
    return JSON.parse(raw) as ChatBody;
  } catch {
    return null;
  }
}

function problemOf(text: string, finishReason: unknown, expected: string | null): string | null {
  if (finishReason !== 'stop') return `finish_reason is ${JSON.stringify(finishReason)}`;
  if (text === '') return 'the answer is empty';
  return expected === null || text === expected ? null : `the answer says ${JSON.stringify(text)}`;
}

function deltaOf(choice: Choice | undefined): string {
  const content = choice?.delta?.content;
  return typeof content === 'string' ? content : '';
}

export function readRefusal(raw: string): ChatReading & { code: string | null } {
  const body = parse(raw);
  const code = body?.error?.code;
  return { text: '', body, problem: raw.slice(0, 400), code: typeof code === 'string' ? code : null };
}

export function readPlainChat(raw: string, expected: string | null): ChatReading {
  const body = parse(raw);
  const choice = body?.choices?.[0];
  const content = choice?.message?.content;
  const text = typeof content === 'string' ? content : '';
  return { text, body, problem: problemOf(text, choice?.finish_reason, expected) };
}

/** No SDK notices a stream that merely ends: a complete one has a finish_reason, no error, and [DONE] as its last event. */
export function readStreamedChat(raw: string, expected: string | null): ChatReading {
  const events = raw
    .split('\n')
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice('data:'.length).trim());
  const chunks = events.filter((event) => event !== '[DONE]').map(parse);
  const choices = chunks.map((chunk) => chunk?.choices?.[0]);
  const text = choices.map(deltaOf).join('');
  const finishReason = choices.find((choice) => choice?.finish_reason)?.finish_reason;
  const reading = (problem: string | null): ChatReading => ({ text, body: chunks, problem });
  const error = chunks.find((chunk) => chunk?.error)?.error;
  if (error) return reading(`an error event: ${String(error.message)}`);
  if (chunks.includes(null)) return reading('an event that is not JSON');
  if (events.at(-1) !== '[DONE]') return reading('the stream ended without [DONE]');
  return reading(problemOf(text, finishReason, expected));
}
