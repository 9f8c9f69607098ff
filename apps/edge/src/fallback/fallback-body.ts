import { createHash } from 'node:crypto';
import { isRecord } from '@signalbox/common';
import { directProvider, type FallbackWay, type LlmRoute } from '@signalbox/gateway';
import { type CallBody, lacksUsage, withModel } from '../request/call-body';

type Fields = Record<string, unknown>;

/**
 * What means something to LiteLLM only, and makes a provider refuse the call or means something else there. Of LiteLLM's
 * other fields none comes this far: clients must not send them (forbidden-fields.ts).
 */
const litellmOnly = `
    extra_body tags guardrails policies cache ttl timeout stream_timeout request_timeout drop_params
    additional_drop_params allowed_openai_params roles enable_json_schema_validation
    merge_reasoning_content_in_choices keepalive_seconds supports_system_message
    ensure_alternating_roles user_continue_message assistant_continue_message bos_token eos_token
    final_prompt_value search_tool_name disable_add_transform_inline_image_block
  `
  .trim()
  .split(/\s+/);

/**
 * At OpenRouter these choose models: a list of them, a preset that holds one, a plugin that asks others. The allowlist has looked at
 * `model` alone. `provider` stays: it chooses who serves that model, and says what may be done with the data.
 */
const openrouterModelFields = ['models', 'route', 'preset', 'plugins'];

/** LiteLLM keeps a client's labels to itself in these; elsewhere they are the dialect's own. */
const labelRoutes: ReadonlySet<string> = new Set(['chat_completions', 'completions', 'embeddings']);

/** OpenRouter's own tools call models that nobody has checked. */
function hasOpenrouterTools({ tools }: Fields): boolean {
  if (!Array.isArray(tools)) return false;
  return tools.some((tool: unknown) => {
    const { type } = (tool ?? {}) as { type?: unknown };
    return typeof type === 'string' && type.startsWith('openrouter:');
  });
}

/** As LiteLLM does: what stands in it is for the provider. Whether the answer is a stream must be as it was read. */
function withExtraBody(fields: Fields): Fields {
  const extra = fields['extra_body'];
  return isRecord(extra) ? { ...fields, ...extra, stream: fields['stream'] } : fields;
}

function without(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

/** Without a pseudonym one tenant's abuse could be held against the whole account. */
export function tenantPseudonym(workspaceId: string): string {
  return `sb-${createHash('sha256').update(`signalbox tenant ${workspaceId}`).digest('hex').slice(0, 32)}`;
}

function withPseudonym(fields: Fields, route: LlmRoute, pseudonym: string): Fields {
  if (route.dialect !== 'anthropic') return { user: pseudonym, ...fields };
  const metadata = isRecord(fields['metadata']) ? fields['metadata'] : {};
  return { ...fields, metadata: { user_id: pseudonym, ...metadata } };
}

function withUsage(fields: Fields): Fields {
  const options = isRecord(fields['stream_options']) ? fields['stream_options'] : {};
  return { ...fields, stream_options: { ...options, include_usage: true } };
}

export interface FallbackBodyInput {
  readonly way: Pick<FallbackWay, 'via' | 'provider' | 'upstreamModel'>;
  readonly route: LlmRoute;
  readonly body: CallBody;
  readonly bytes: Buffer;
  readonly workspaceId: string;
}

function jsonFields({ way, route, body, workspaceId }: FallbackBodyInput): Fields | null {
  const labels = labelRoutes.has(route.name) ? ['metadata'] : [];
  let fields = without(withExtraBody(body.fields), [...litellmOnly, ...labels]);
  if (way.via === 'openrouter') {
    if (hasOpenrouterTools(fields)) return null;
    fields = withPseudonym(without(fields, openrouterModelFields), route, tenantPseudonym(workspaceId));
  }
  const takesOptions = way.via === 'openrouter' || directProvider(way.provider)?.takesStreamOptions === true;
  if (takesOptions && lacksUsage(route.name, body)) fields = withUsage(fields);
  if (!takesOptions) fields = without(fields, ['stream_options']);
  return { ...fields, model: way.upstreamModel };
}

/** @returns null where the call cannot go this way */
export function fallbackBody(input: FallbackBodyInput): Buffer | null {
  const { way, body, bytes } = input;
  if (body.contentType !== 'application/json') return withModel(body, bytes, way.upstreamModel);
  const fields = jsonFields(input);
  return fields && Buffer.from(JSON.stringify(fields), 'utf8');
}
