import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

type Entries = Record<string, Record<string, unknown>>;

/** Entries of the map that comes with LiteLLM 1.103.1, in the form in which the runner hands them on. */
export const realPriceEntries: Entries = {
  sample_spec: {
    litellm_provider: 'one of https://docs.litellm.ai/docs/providers',
    mode: 'one of: chat, ...',
  },
  'gpt-4o': {
    cache_read_input_token_cost: '1.25e-06',
    input_cost_per_token: '2.5e-06',
    litellm_provider: 'openai',
    max_input_tokens: 128_000,
    max_output_tokens: 16_384,
    max_tokens: 16_384,
    mode: 'chat',
    output_cost_per_token: '1e-05',
    supports_function_calling: true,
    supports_response_schema: true,
    supports_vision: true,
  },
  'claude-sonnet-4-5': {
    cache_creation_input_token_cost: '3.75e-06',
    cache_creation_input_token_cost_above_1hr: '6e-06',
    cache_read_input_token_cost: '3e-07',
    input_cost_per_token: '3e-06',
    input_cost_per_token_above_200k_tokens: '6e-06',
    output_cost_per_token_above_200k_tokens: '2.25e-05',
    litellm_provider: 'anthropic',
    max_input_tokens: 1_000_000,
    max_output_tokens: 64_000,
    max_tokens: 64_000,
    mode: 'chat',
    output_cost_per_token: '1.5e-05',
    supports_function_calling: true,
    supports_reasoning: true,
  },
  'groq/llama-3.3-70b-versatile': {
    deprecation_date: '2026-08-16',
    input_cost_per_token: '5.9e-07',
    litellm_provider: 'groq',
    max_input_tokens: 131_072,
    max_output_tokens: 32_768,
    mode: 'chat',
    output_cost_per_token: '7.9e-07',
    supports_function_calling: true,
    supports_response_schema: false,
  },
  'ollama/llama3': {
    input_cost_per_token: '0.0',
    litellm_provider: 'ollama',
    max_input_tokens: 8_192,
    max_tokens: 8_192,
    mode: 'chat',
    output_cost_per_token: '0.0',
  },
  'gemini/gemini-exp': {
    input_cost_per_token: 0,
    output_cost_per_token: 0,
    litellm_provider: 'gemini',
    mode: 'chat',
  },
  'openrouter/anthropic/claude-sonnet-4.5': {
    input_cost_per_token: '9e-06',
    litellm_provider: 'openrouter',
    mode: 'chat',
  },
  'bedrock/anthropic.claude-v2': {
    input_cost_per_token: '8e-06',
    output_cost_per_token: '2.4e-05',
    litellm_provider: 'bedrock',
    mode: 'chat',
  },
};

/** With as many further entries as a map must have to be believed. */
export function generatePriceMap(count = 120): Entries {
  const more = Array.from({ length: count }, (_item, index): [string, Record<string, unknown>] => [
    `fireworks_ai/accounts/fireworks/models/model-${index}`,
    {
      input_cost_per_token: `${1 + (index % 9)}e-07`,
      output_cost_per_token: `${2 + (index % 7)}.5e-07`,
      litellm_provider: 'fireworks_ai',
      max_input_tokens: 131_072,
      mode: 'chat',
    },
  ]);
  return structuredClone({ ...realPriceEntries, ...Object.fromEntries(more) });
}

/** The runner's GET /litellm/prices. */
export class LitellmPricesStandIn {
  entries = generatePriceMap();
  status = 200;
  /** In place of the map, for broken ones. */
  body: Buffer | null = null;
  readonly #server: Server;

  private constructor(
    server: Server,
    readonly token: string,
  ) {
    this.#server = server;
    server.on('request', (request, response) => {
      const isAllowed = request.headers.authorization === `Bearer ${token}`;
      if (!isAllowed || request.url !== '/litellm/prices') {
        return void response.writeHead(isAllowed ? 404 : 401).end('{}');
      }
      response.writeHead(this.status, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(this.body ?? packed(this.entries));
    });
  }

  static async start(token = 'internal-token-of-tests'): Promise<LitellmPricesStandIn> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new LitellmPricesStandIn(server, token);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  reset(): void {
    this.entries = generatePriceMap();
    this.status = 200;
    this.body = null;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function packed(entries: Entries): Buffer {
  const sha256 = createHash('sha256').update(JSON.stringify(entries)).digest('hex');
  return gzipSync(JSON.stringify({ version: '1.103.1', sha256, entries }));
}
