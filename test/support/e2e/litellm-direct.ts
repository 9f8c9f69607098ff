import type { StackFacts } from './stack-facts';
import type { StackProcesses } from './stack-processes';

export interface DirectAnswer {
  status: number;
  headers: Headers;
  body: unknown;
}

export interface DirectRequest {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
}

/** LiteLLM itself, past the edge. */
export class LitellmDirect {
  constructor(
    private readonly facts: StackFacts,
    private readonly processes: StackProcesses,
  ) {}

  async url(): Promise<string> {
    const { active } = await this.processes.runnerState();
    if (!active) throw new Error('no LiteLLM is active');
    return active.base_url;
  }

  async request(request: DirectRequest): Promise<DirectAnswer> {
    return sendTo(await this.url(), request);
  }

  /** With the master key. */
  asMaster(request: DirectRequest): Promise<DirectAnswer> {
    const authorization = `Bearer ${this.facts.litellm_master_key}`;
    return this.request({ ...request, headers: { authorization, ...request.headers } });
  }

  /** null: LiteLLM does not know it. What was deleted stays readable in an archive, with `deleted_at` (1.103.1). */
  async keyInfo(keyHash: string): Promise<Record<string, unknown> | null> {
    const { status, body } = await this.asMaster({ path: `/key/info?key=${keyHash}` });
    if (status === 404) return null;
    if (status !== 200) throw new Error(`/key/info answered ${status}: ${JSON.stringify(body)}`);
    const { info } = body as { info: Record<string, unknown> };
    return info['deleted_at'] ? null : info;
  }

  /** Once each: a wildcard's deployment is shown for every model behind it. */
  async deploymentIds(): Promise<string[]> {
    const { status, body } = await this.asMaster({ path: '/model/info' });
    if (status !== 200) throw new Error(`/model/info answered ${status}: ${JSON.stringify(body)}`);
    const { data } = body as { data: { model_info: { id: string } }[] };
    return [...new Set(data.map(({ model_info: info }) => info.id))].sort();
  }
}

export async function sendTo(
  url: string,
  { method, path, headers, body }: DirectRequest,
): Promise<DirectAnswer> {
  const response = await fetch(`${url}${path}`, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    signal: AbortSignal.timeout(60_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parseJson(text) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
