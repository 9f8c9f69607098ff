/** Enough for most answers of requests that do not say how long theirs may be. What was not used is given back. */
export const usualAnswerTokens = 512;
/** An image or a piece of audio: providers count its size, not its bytes. */
export const mediaTokens = 1_000;

const charsPerToken = 4;
const largestEstimate = 1_000_000_000;
/** Smaller bodies hold no file worth the look. */
const mediaFromBytes = 2_048;
const mediaFromChars = 512;
const deepest = 12;
const mediaFields = new Set(['url', 'image_url', 'data', 'file_data', 'b64_json', 'input_audio', 'audio']);
const textRoutes = new Set(['chat_completions', 'completions', 'responses', 'messages']);

export interface Estimated {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly contentType?: string;
}

function positiveInteger(value: unknown): number {
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number) || number <= 0) return 0;
  return Math.min(Math.ceil(number), largestEstimate);
}

/** The longest answer that the request allows; 0: it does not say. */
export function allowedAnswerTokens(fields: Estimated['fields']): number {
  return Math.max(
    positiveInteger(fields['max_tokens']),
    positiveInteger(fields['max_completion_tokens']),
    positiveInteger(fields['max_output_tokens']),
  );
}

export function answersAskedFor(fields: Estimated['fields']): number {
  return Math.max(1, positiveInteger(fields['n']), positiveInteger(fields['best_of']));
}

function answerTokens(fields: Estimated['fields'], routeName: string | undefined): number {
  const asked = allowedAnswerTokens(fields);
  const isText = routeName === undefined ? Array.isArray(fields['messages']) : textRoutes.has(routeName);
  const each = asked > 0 ? asked : isText ? usualAnswerTokens : 0;
  return each * answersAskedFor(fields);
}

interface Media {
  count: number;
  chars: number;
}

function findMedia(value: unknown, name: string, depth: number, found: Media): void {
  if (typeof value === 'string') {
    const isMedia = value.length >= mediaFromChars && (mediaFields.has(name) || value.startsWith('data:'));
    if (!isMedia) return;
    found.count += 1;
    found.chars += value.length;
    return;
  }
  if (typeof value !== 'object' || value === null || depth === 0) return;
  if (Array.isArray(value)) for (const item of value) findMedia(item, name, depth - 1, found);
  else for (const [key, item] of Object.entries(value)) findMedia(item, key, depth - 1, found);
}

/** The prompt by its length: deliberately cheap, and rather too much than too little. */
export function promptTokens({ fields, contentType }: Estimated, byteLength: number): number {
  if (contentType?.startsWith('multipart/')) {
    const values = Object.values(fields);
    const chars = values.reduce<number>((sum, one) => sum + (typeof one === 'string' ? one.length : 0), 0);
    const files = values.filter((one) => one === null).length;
    return Math.ceil(chars / charsPerToken) + files * mediaTokens;
  }
  const found: Media = { count: 0, chars: 0 };
  if (byteLength >= mediaFromBytes) findMedia(fields, '', deepest, found);
  return Math.ceil(Math.max(0, byteLength - found.chars) / charsPerToken) + found.count * mediaTokens;
}

/**
 * What a request is taken to cost until its real usage is known: the prompt by its length, and the longest answer that the
 * request allows, for each of the answers it asks for. Deliberately cheap, and rather too much than too little.
 */
export function estimateTokens(body: Estimated, byteLength: number, routeName?: string): number {
  const estimate = promptTokens(body, byteLength) + answerTokens(body.fields, routeName);
  return Math.max(1, Math.min(estimate, largestEstimate));
}
