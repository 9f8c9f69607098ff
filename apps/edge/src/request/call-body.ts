import { isUtf8 } from 'node:buffer';
import type { LlmRoute } from '@signalbox/gateway';
import { parseMultipartForm } from './multipart-form';
import { Refusal } from './refusal';

/** What the checks need to know of a body. The bytes themselves go to LiteLLM untouched. */
export interface CallBody {
  model: string;
  isStream: boolean;
  /** Field names and values; of a form all values are texts. */
  fields: Record<string, unknown>;
  /** For LiteLLM, which chooses its parser by it: always the type by which this side has parsed. */
  contentType: string;
}

const modelCharsLimit = 256;
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const controlCharacters = /[\u0000-\u001f\u007f]/;

/** LiteLLM splits a model's name at commas and calls each part, so one name must be one name. */
function readModel(value: unknown): string {
  if (value === undefined || value === null || value === '')
    throw new Refusal('model_missing', { param: 'model' });
  if (typeof value !== 'string')
    throw new Refusal('field_invalid', { param: 'model', message: '"model" must be a string.' });
  if (value.length > modelCharsLimit || value.includes(',') || controlCharacters.test(value)) {
    const message = `"model" must be the name of one model: at most ${modelCharsLimit} characters, without commas.`;
    throw new Refusal('field_invalid', { param: 'model', message });
  }
  return value;
}

function requireType(
  fields: Record<string, unknown>,
  name: string,
  type: 'boolean' | 'array' | 'object',
): void {
  const value = fields[name];
  if (value === undefined || value === null) return;
  const actual = Array.isArray(value) ? 'array' : typeof value;
  if (actual === type) return;
  throw new Refusal('field_invalid', {
    param: name,
    message: `"${name}" must be of type ${type}, not ${actual}.`,
  });
}

function parseJson(bytes: Buffer): Record<string, unknown> {
  // Invalid UTF-8 would be read one way here and another way by LiteLLM.
  if (!isUtf8(bytes)) throw new Refusal('malformed_json');
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new Refusal('malformed_json');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Refusal('body_not_an_object');
  return value as Record<string, unknown>;
}

function parseJsonBody(bytes: Buffer): CallBody {
  const fields = parseJson(bytes);
  const model = readModel(fields['model']);
  requireType(fields, 'stream', 'boolean');
  requireType(fields, 'messages', 'array');
  requireType(fields, 'metadata', 'object');
  requireType(fields, 'extra_body', 'object');
  return { model, isStream: fields['stream'] === true, fields, contentType: 'application/json' };
}

function parseFormBody(header: string, bytes: Buffer): CallBody {
  const form = parseMultipartForm(header, bytes);
  if (!form) throw new Refusal('malformed_form');
  const model = readModel(form.fields.get('model'));
  const files = form.fileNames.map((name) => [name, null] as const);
  return {
    model,
    isStream: form.fields.get('stream')?.toLowerCase() === 'true',
    fields: Object.fromEntries([...form.fields, ...files]),
    contentType: `multipart/form-data; boundary="${form.boundary}"`,
  };
}

function isFormType(header: string): boolean {
  return /^multipart\/form-data\b/i.test(header.trim());
}

/** Refuses a body of the wrong kind before it is read. Without a type JSON is taken for granted, as LiteLLM does. */
export function checkBodyType(route: LlmRoute, header: string, contentEncoding: string | undefined): void {
  const isForm = isFormType(header);
  const isEncoded = contentEncoding !== undefined && contentEncoding.trim().toLowerCase() !== 'identity';
  const isUrlEncoded = /^application\/x-www-form-urlencoded\b/i.test(header.trim());
  if (isEncoded || isUrlEncoded || (isForm && !route.bodies.includes('multipart')))
    throw new Refusal('media_type_unsupported');
}

export function parseCallBody(header: string, bytes: Buffer): CallBody {
  return isFormType(header) ? parseFormBody(header, bytes) : parseJsonBody(bytes);
}
