import { providerKinds } from '@signalbox/domain/providers';
import { randomBytes } from 'node:crypto';
import { vendorNames, VendorStandIn } from '../../stand-ins/vendor.stand-in';
import type { VendorFault, VendorName } from '../../stand-ins/vendor.types';
import type { E2eStack } from '../e2e-stack';
import type { CreatedKey, CredentialView, Page } from './admin-api';
import { createModel } from './loopback-models';
import { applySuccessfully } from './releases';

/** Names that LiteLLM knows, of each vendor's own. */
const upstreamModels: Readonly<Record<VendorName, string>> = {
  openai: 'gpt-4o-mini',
  anthropic: 'claude-sonnet-4-5',
  google: 'gemini-2.5-flash',
  cohere: 'command-r-plus-08-2024',
  mistral: 'mistral-small-latest',
  perplexity: 'sonar',
  groq: 'llama-3.3-70b-versatile',
  together: 'meta-llama/Llama-3.3-70B-Instruct-Turbo',
  huggingface: 'meta-llama/Llama-3.3-70B-Instruct',
  fireworks: 'accounts/fireworks/models/llama-v3p1-8b-instruct',
  openrouter: 'openai/gpt-4o-mini',
  ollama: 'llama3.2',
  vllm: 'meta-llama/Llama-3.1-8B-Instruct',
  openai_compatible: 'qwen3-8b',
};

/** Those whose calls carry a key of somebody's. */
export const keyedVendors = vendorNames.filter((name) => providerKinds[name].needsKey);

/** Servers without keys have a model for each of these faults: a fault closes the breaker of a deployment. */
export type OwnFault = Extract<VendorFault, 'refused' | 'limited'>;
export const ownFaults: readonly OwnFault[] = ['refused', 'limited'];

export const providerName = (vendor: VendorName): string => `vendor ${vendor}`;
export const modelOf = (vendor: VendorName): string => `vendor-${vendor}`;
export const faultyModelOf = (vendor: VendorName, fault: OwnFault): string =>
  providerKinds[vendor].needsKey ? modelOf(vendor) : `${modelOf(vendor)}-${fault}`;

/** The platform's, at each vendor. */
export const platformKeyOf = (vendor: VendorName): string => `platform-key-at-${vendor}-0123456789abcdef`;

type Named = Readonly<Record<'id' | 'name', string>>;

/** Every vendor, with a model each, released together. */
export async function useVendors(stack: E2eStack): Promise<VendorStandIn> {
  const standIn = await VendorStandIn.start();
  for (const vendor of keyedVendors) standIn.setKey(platformKeyOf(vendor), 'good');
  await Promise.all(vendorNames.map((vendor) => createVendor(stack, standIn, vendor)));
  await applySuccessfully(stack, { note: 'a model of every provider' });
  return standIn;
}

/** Other suites of the same stack are not to meet them, and their keys. */
export async function removeVendors(stack: E2eStack): Promise<void> {
  const { data: models } = await stack.api.get<Page<Named>>('/llm/models?limit=200');
  const own = models.filter(({ name }) => name.startsWith('vendor-'));
  await Promise.all(own.map(({ id }) => stack.api.delete(`/llm/models/${id}`)));
  const { data: providers } = await stack.api.get<Page<Named>>('/llm/providers?limit=200');
  const names = new Set(vendorNames.map(providerName));
  for (const { id } of providers.filter(({ name }) => names.has(name))) {
    const { data: keys } = await stack.api.get<Page<Named>>(`/credentials?provider=${id}&limit=200`);
    await Promise.all(keys.map((one) => stack.api.delete(`/credentials/${one.id}`)));
    await stack.api.delete(`/llm/providers/${id}`);
  }
}

async function createVendor(stack: E2eStack, standIn: VendorStandIn, vendor: VendorName): Promise<void> {
  const provider = await stack.api.post<Named>('/llm/providers', {
    name: providerName(vendor),
    kind: vendor,
    base_url: standIn.baseUrl(vendor),
  });
  const { needsKey } = providerKinds[vendor];
  if (needsKey) {
    await stack.api.createCredential({ provider: provider.name, api_key: platformKeyOf(vendor) });
  }
  const names = [
    modelOf(vendor),
    ...(needsKey ? [] : ownFaults.map((fault) => faultyModelOf(vendor, fault))),
  ];
  for (const name of names) await createModel(stack, name, 'chat', provider.id, upstreamModels[vendor]);
}

export interface FaultyKeys {
  virtualKey: CreatedKey;
  credentials: Partial<Record<VendorName, CredentialView>>;
  /** The values at the vendors. */
  keys: Partial<Record<VendorName, string>>;
}

/** A workspace with a good own key at every vendor, which is to be used at an address that the workspace names itself. */
export async function createOwnAddresses(stack: E2eStack, standIn: VendorStandIn): Promise<CreatedKey> {
  const organization = await stack.api.createOrganization(`own addresses ${randomBytes(4).toString('hex')}`);
  const { id } = await stack.api.createWorkspace(organization.id, 'own', { credential_policy: 'byok_only' });
  const save = (vendor: VendorName): Promise<unknown> => {
    const key = `own-key-elsewhere-${vendor}-${randomBytes(12).toString('hex')}`;
    standIn.setKey(key, 'good');
    const place = { provider: providerName(vendor), base_url: standIn.baseUrl(vendor), workspace_id: id };
    return stack.api.createCredential({ ...place, api_key: key });
  };
  await Promise.all(keyedVendors.map(save));
  return stack.api.createKey(id);
}

/** A workspace with an own key at every vendor, which was good when it was saved and fails since. */
export async function createFaultyKeys(
  stack: E2eStack,
  standIn: VendorStandIn,
  fault: OwnFault,
): Promise<FaultyKeys> {
  const organization = await stack.api.createOrganization(`${fault} ${randomBytes(4).toString('hex')}`);
  const { id } = await stack.api.createWorkspace(organization.id, fault, { credential_policy: 'byok_only' });
  const made: FaultyKeys = { virtualKey: await stack.api.createKey(id), credentials: {}, keys: {} };
  const save = async (vendor: VendorName): Promise<void> => {
    const key = `own-key-${fault}-${vendor}-${randomBytes(12).toString('hex')}`;
    standIn.setKey(key, 'good');
    const saved = { provider: providerName(vendor), api_key: key, workspace_id: id };
    made.credentials[vendor] = await stack.api.createCredential(saved);
    made.keys[vendor] = key;
    standIn.setKey(key, fault);
  };
  await Promise.all(keyedVendors.map(save));
  return made;
}
