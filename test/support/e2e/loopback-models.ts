import { ProviderStandIn } from '../../stand-ins/provider.stand-in';
import type { E2eStack } from '../e2e-stack';
import type { Page } from './admin-api';
import { applySuccessfully } from './releases';

/** The models that whole-stack tests share. gpt-4o-mini upstream: LiteLLM knows its prices, so that costs can be checked. */
export const loopback = {
  chat: 'loopback-chat',
  embedding: 'loopback-embedding',
  /** These three want a key: the platform has one, and tenants may bring their own. */
  anthropic: 'loopback-claude',
  keyedChat: 'loopback-keyed-chat',
  keyedEmbedding: 'loopback-keyed-embedding',
} as const;

/** The providers that want a key, by the vendor that they speak like. */
export const byokProviders = { openai: 'loopback-keyed-openai', anthropic: 'loopback-anthropic' } as const;

/** The platform's own keys of them. */
export const platformKeys = {
  openai: 'sk-loopback-platform-of-openai',
  anthropic: 'sk-ant-loopback-platform-of-anthropic',
} as const;

/** USD per token, set on the deployment, so that no price list has a say. */
export const chatPrices = { input_cost_per_token: 0.000_000_15, output_cost_per_token: 0.000_000_6 } as const;

interface ProviderView {
  id: string;
  name: string;
  base_url: string | null;
}

const openaiName = 'loopback-openai';

async function findProvider(stack: E2eStack, name: string): Promise<ProviderView | undefined> {
  const { data } = await stack.api.get<Page<ProviderView>>('/llm/providers?limit=200');
  return data.find((provider) => provider.name === name);
}

/**
 * The loopback provider, reachable through the stack. Its models are released once per stack: each test file then starts
 * its own stand-in on the port that is on record, since a release costs a start of LiteLLM.
 */
export async function useLoopbackProvider(stack: E2eStack): Promise<ProviderStandIn> {
  const known = await findProvider(stack, openaiName);
  if (known?.base_url) return ProviderStandIn.start(Number(new URL(known.base_url).port));
  const provider = await ProviderStandIn.start(firstPort());
  await createModels(stack, provider);
  await applySuccessfully(stack, { note: 'models of the loopback provider' });
  return provider;
}

/** Fixed where several stacks share a machine, else whatever is free. */
function firstPort(): number {
  return Number(process.env['SIGNALBOX_E2E_PROVIDER_PORT'] ?? 0);
}

async function createModels(stack: E2eStack, provider: ProviderStandIn): Promise<void> {
  const openai = await stack.api.post<ProviderView>('/llm/providers', {
    name: openaiName,
    kind: 'openai_compatible',
    base_url: provider.baseUrl,
  });
  const anthropic = await stack.api.post<ProviderView>('/llm/providers', {
    name: byokProviders.anthropic,
    kind: 'anthropic',
    base_url: provider.origin,
  });
  const keyed = await stack.api.post<ProviderView>('/llm/providers', {
    name: byokProviders.openai,
    kind: 'openai',
    base_url: provider.baseUrl,
  });
  for (const vendor of ['openai', 'anthropic'] as const)
    await stack.api.createCredential({ provider: byokProviders[vendor], api_key: platformKeys[vendor] });
  await createModel(stack, loopback.chat, 'chat', openai.id, 'gpt-4o-mini', chatPrices);
  await createModel(stack, loopback.embedding, 'embedding', openai.id, 'text-embedding-3-small');
  await createModel(stack, loopback.anthropic, 'chat', anthropic.id, 'claude-sonnet-4-5');
  await createModel(stack, loopback.keyedChat, 'chat', keyed.id, 'gpt-4o-mini', chatPrices);
  await createModel(stack, loopback.keyedEmbedding, 'embedding', keyed.id, 'text-embedding-3-small');
}

export interface ModelView {
  id: string;
  name: string;
  deployments: { id: string }[];
}

export function createModel(
  stack: E2eStack,
  name: string,
  mode: string,
  providerId: string,
  upstreamModel: string,
  litellmParams: object = {},
  baseUrl: string | null = null,
): Promise<ModelView> {
  const deployment = {
    provider_id: providerId,
    upstream_model: upstreamModel,
    litellm_params: litellmParams,
  };
  return stack.api.post('/llm/models', { name, mode, deployments: [{ ...deployment, base_url: baseUrl }] });
}

export async function loopbackProviderId(stack: E2eStack): Promise<string> {
  const provider = await findProvider(stack, openaiName);
  if (!provider) throw new Error('call useLoopbackProvider first');
  return provider.id;
}
