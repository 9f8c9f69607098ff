import { AppError, type FieldError, isRecord, redact } from '@signalbox/common';

/** Name and kind of value. What is not listed is refused: LiteLLM sends unknown names to the provider as body fields. */
const integer = (min: number, max: number) => ({ type: 'integer', min, max }) as const;
const number = (min: number, max: number) => ({ type: 'number', min, max }) as const;
const text = (lengthMax: number, pattern?: RegExp) => ({ type: 'text', lengthMax, pattern }) as const;
const flag = { type: 'flag' } as const;
const texts = { type: 'texts', lengthMax: 64, countMax: 50 } as const;
const object = { type: 'object', sizeMax: 4_000 } as const;

type ParamRule =
  | ReturnType<typeof integer>
  | ReturnType<typeof number>
  | ReturnType<typeof text>
  | typeof flag
  | typeof texts
  | typeof object;

const pricePerToken = number(0, 1);

export const litellmParamRules: Readonly<Record<string, ParamRule>> = {
  // Shares among deployments of one model, and LiteLLM's own limits
  rpm: integer(1, 100_000_000),
  tpm: integer(1, 100_000_000_000),
  max_parallel_requests: integer(1, 1_000_000),
  weight: number(0, 1_000_000),
  order: integer(1, 100),
  // Time
  timeout: number(0.1, 7_200),
  stream_timeout: number(0.1, 7_200),
  // Defaults of the request
  max_tokens: integer(1, 10_000_000),
  temperature: number(0, 2),
  top_p: number(0, 1),
  seed: integer(0, 2_147_483_647),
  reasoning_effort: text(16, /^(none|minimal|low|medium|high|xhigh|default)$/),
  drop_params: flag,
  additional_drop_params: texts,
  merge_reasoning_content_in_choices: flag,
  extra_body: object,
  // Prices in USD
  input_cost_per_token: pricePerToken,
  output_cost_per_token: pricePerToken,
  cache_read_input_token_cost: pricePerToken,
  cache_creation_input_token_cost: pricePerToken,
  output_cost_per_reasoning_token: pricePerToken,
  input_cost_per_second: number(0, 1_000),
  output_cost_per_second: number(0, 1_000),
  output_cost_per_image: number(0, 1_000),
  input_cost_per_query: number(0, 1_000),
  // How the provider is spoken to
  api_version: text(64, /^[A-Za-z0-9._-]+$/),
  organization: text(128, /^[A-Za-z0-9._-]+$/),
  mock_response: text(4_000),
};

/** Where LiteLLM gets something from outside the configuration, or runs something, whatever the field is. */
const environmentReference = /os\.environ\//i;

function problemOfValue(rule: ParamRule, value: unknown): string | null {
  switch (rule.type) {
    case 'integer':
    case 'number':
      return problemOfNumber(rule, value);
    case 'flag':
      return typeof value === 'boolean' ? null : 'must be true or false';
    case 'text':
      return problemOfText(rule, value);
    case 'texts':
      return isTextList(value, rule)
        ? null
        : `must be a list of at most ${rule.countMax} strings of at most ${rule.lengthMax} characters`;
    case 'object':
      return isRecord(value) && JSON.stringify(value).length <= rule.sizeMax
        ? null
        : `must be an object of at most ${rule.sizeMax} characters of JSON`;
  }
}

function problemOfNumber(
  { type, min, max }: { type: 'integer' | 'number'; min: number; max: number },
  value: unknown,
): string | null {
  const isRight = typeof value === 'number' && (type === 'number' || Number.isInteger(value));
  if (isRight && value >= min && value <= max) return null;
  return `must be ${type === 'integer' ? 'a whole number' : 'a number'} from ${min} to ${max}`;
}

function problemOfText(rule: ReturnType<typeof text>, value: unknown): string | null {
  if (typeof value !== 'string' || value === '') return 'must be a string that is not empty';
  if (value.length > rule.lengthMax) return `must have at most ${rule.lengthMax} characters`;
  return rule.pattern && !rule.pattern.test(value) ? `must match ${rule.pattern.source}` : null;
}

function isTextList(value: unknown, rule: typeof texts): boolean {
  return (
    Array.isArray(value) &&
    value.length <= rule.countMax &&
    value.every((item) => typeof item === 'string' && item !== '' && item.length <= rule.lengthMax)
  );
}

/** Fields of a body by which a client or an operator would get around what the deployment says. */
const forbiddenInBody = /^(api_key|api_base|base_url|model|messages|stream|user|metadata)$/i;

/** @returns what is wrong with one parameter, or null */
export function litellmParamProblem(name: string, value: unknown, providerKind: string): string | null {
  const rule = Object.hasOwn(litellmParamRules, name) ? litellmParamRules[name] : undefined;
  if (rule === undefined) {
    return 'is not a parameter that may be set here (LiteLLM would send it to the provider as it is)';
  }
  if (name === 'mock_response' && providerKind !== 'demo') return 'is only for providers of the kind demo';
  const problem = problemOfValue(rule, value);
  if (problem !== null) return problem;
  const json = JSON.stringify(value);
  if (environmentReference.test(json)) return 'must not refer to the environment (os.environ/...)';
  if (redact(json) !== json) return 'looks like a secret; provider keys belong into credentials';
  return name === 'extra_body' ? problemOfBody(value as Record<string, unknown>) : null;
}

function problemOfBody(body: Record<string, unknown>): string | null {
  if (Object.keys(body).some((field) => forbiddenInBody.test(field))) {
    return 'must not set model, messages, keys or addresses';
  }
  return hasOnlyPlainNames(body) ? null : 'must have field names of letters, digits, _ . - only';
}

/** PyYAML trips over names such as = and <<. */
function hasOnlyPlainNames(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(hasOnlyPlainNames);
  if (!isRecord(value)) return true;
  return Object.entries(value).every(
    ([field, item]) => /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/.test(field) && hasOnlyPlainNames(item),
  );
}

/** @throws AppError validation_failed that names each wrong parameter */
export function checkLitellmParams(params: Record<string, unknown>, providerKind: string): void {
  const fields: FieldError[] = Object.entries(params).flatMap(([name, value]) => {
    const problem = litellmParamProblem(name, value, providerKind);
    return problem === null ? [] : [{ field: `litellm_params.${name.slice(0, 64)}`, message: problem }];
  });
  if (fields.length === 0) return;
  const detail = fields.map(({ field, message }) => `${field} ${message}`).join('; ');
  throw new AppError('validation_failed', `${detail.slice(0, 1_000)}. See docs/config-releases.md.`, {
    fields,
  });
}
