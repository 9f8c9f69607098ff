import { isUtf8 } from 'node:buffer';
import { isRecord } from '@signalbox/common';
import { findMistypedField, type LlmRoute } from '@signalbox/gateway';
import { replaceFields } from './json-fields';
import { boundaryOf, parseMultipartForm, replaceFormField } from './multipart-form';
import { Refusal } from './refusal';

/** What the checks need to know of a body. The bytes themselves go on untouched, unless the model's name must change. */
export interface CallBody {
  model: string;
  isStream: boolean;
  /** Field names and values; of a form all values are texts. */
  fields: Record<string, unknown>;
  /** For LiteLLM, which chooses its parser by it: always the type by which this side has parsed. */
  contentType: string;
}

const modelCharsLimit = 256;
/** Control characters, and halves of a character: no header, no log and no table takes them. */
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const unfit = /[\u0000-\u001f\u007f]|\p{Surrogate}/u;

/** LiteLLM splits a model's name at commas and calls each part, so one name must be one name. */
function readModel(value: unknown): string {
  if (value === undefined || value === null || value === '')
    throw new Refusal('model_missing', { param: 'model' });
  if (typeof value !== 'string')
    throw new Refusal('field_invalid', { param: 'model', message: '"model" must be a string.' });
  if (value.length > modelCharsLimit || value.includes(',') || unfit.test(value)) {
    const message = `"model" must be the name of one model: at most ${modelCharsLimit} characters, without commas.`;
    throw new Refusal('field_invalid', { param: 'model', message });
  }
  return value;
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
  if (!isRecord(value)) throw new Refusal('body_not_an_object');
  return value;
}

function parseJsonBody(bytes: Buffer): CallBody {
  const fields = parseJson(bytes);
  const model = readModel(fields['model']);
  const mistyped = findMistypedField(fields);
  if (mistyped) throw new Refusal('field_invalid', { param: mistyped.name, message: mistyped.message });
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

/**
 * The body with other values for some of its fields. A second "model" in JSON would be read one way here and another way there, so
 * where it is not certain which bytes are meant, all of it is written anew.
 */
function withFields({ fields }: CallBody, bytes: Buffer, changes: Record<string, unknown>): Buffer {
  return replaceFields(bytes, changes) ?? Buffer.from(JSON.stringify({ ...fields, ...changes }), 'utf8');
}

export function withModel(body: CallBody, bytes: Buffer, model: string): Buffer {
  const { contentType, model: asked } = body;
  if (model === asked) return bytes;
  if (!isFormType(contentType)) return withFields(body, bytes, { model });
  const replaced = replaceFormField(boundaryOf(contentType) ?? '', bytes, 'model', model);
  if (!replaced) throw new Error('the form has no field "model" that could be replaced');
  return replaced;
}

const streamsWithUsageOnDemand = new Set(['chat_completions', 'completions']);

/** A stream that tells its usage only if it is asked to, and was not: then we ask, and keep the extra chunk from the client. */
export function lacksUsage(routeName: string, { isStream, fields }: CallBody): boolean {
  if (!isStream || !streamsWithUsageOnDemand.has(routeName)) return false;
  const options = fields['stream_options'];
  if (options === undefined || options === null) return true;
  // Anything else is for the upstream to refuse.
  return isRecord(options) && (options['include_usage'] === undefined || options['include_usage'] === false);
}

export interface BodyChanges {
  /** What the upstream calls the model. */
  readonly model: string;
  /** `lacksUsage` said so. */
  readonly asksForUsage: boolean;
}

const usageSuffix = Buffer.from(',"stream_options":{"include_usage":true}}', 'utf8');
const closingBrace = Buffer.from('}');

/** The bytes for an upstream: as they came wherever nothing must change. */
export function bodyBytes(body: CallBody, bytes: Buffer, { model, asksForUsage }: BodyChanges): Buffer {
  if (!asksForUsage) return withModel(body, bytes, model);
  const options = body.fields['stream_options'];
  if (options !== undefined) {
    const asking = { ...(isRecord(options) ? options : {}), include_usage: true };
    return withFields(body, bytes, { ...(model !== body.model && { model }), stream_options: asking });
  }
  const changed = withModel(body, bytes, model);
  // An object that has at least a model: its last brace makes room for one more field.
  return Buffer.concat([changed.subarray(0, changed.lastIndexOf(closingBrace)), usageSuffix]);
}
