import { randomBytes } from 'node:crypto';
import { hashOfKey, type ProviderStandIn } from '../../stand-ins/provider.stand-in';
import type { E2eStack } from '../e2e-stack';
import type { CreatedKey, CredentialView } from './admin-api';
import { type CallKind, type CallModels, type CallOutcome, receivedByMarker } from './llm-calls';
import { byokProviders, loopback } from './loopback-models';

export type Policy = 'byok_only' | 'byok_then_platform' | 'platform_only';
export type Vendor = keyof typeof byokProviders;

/** Every kind of call, on models whose provider wants a key. */
export const byokModels: CallModels = {
  chat: loopback.keyedChat,
  'streamed chat': loopback.keyedChat,
  embeddings: loopback.keyedEmbedding,
  responses: loopback.keyedChat,
  messages: loopback.anthropic,
};

export function vendorOf(kind: CallKind): Vendor {
  return kind === 'messages' ? 'anthropic' : 'openai';
}

/** Looks like a vendor's key and is nobody's. */
export function makeProviderKey(vendor: Vendor, label: string): string {
  const prefix = vendor === 'anthropic' ? 'sk-ant-api03-' : 'sk-proj-';
  return `${prefix}${label}-${randomBytes(18).toString('hex')}`;
}

export interface ByokWorkspace {
  name: string;
  organizationId: string;
  workspaceId: string;
  virtualKey: CreatedKey;
  /** The value of its own key of each vendor; empty: it has none. */
  providerKeys: Partial<Record<Vendor, string>>;
  credentials: Partial<Record<Vendor, CredentialView>>;
}

/** A workspace in an organization of its own, with a virtual key and, where wanted, a provider key of each vendor. */
export async function createByokWorkspace(
  stack: E2eStack,
  name: string,
  { policy, hasOwnKeys }: { policy: Policy; hasOwnKeys: boolean },
): Promise<ByokWorkspace> {
  const organization = await stack.api.createOrganization(`byok ${name} ${randomBytes(4).toString('hex')}`);
  const { id } = await stack.api.createWorkspace(organization.id, name, { credential_policy: policy });
  const workspace: ByokWorkspace = {
    name,
    organizationId: organization.id,
    workspaceId: id,
    virtualKey: await stack.api.createKey(id, { key_alias: `byok ${name}` }),
    providerKeys: {},
    credentials: {},
  };
  if (hasOwnKeys)
    for (const vendor of ['openai', 'anthropic'] as const) await saveKey(stack, workspace, vendor);
  return workspace;
}

export async function saveKey(
  stack: E2eStack,
  workspace: ByokWorkspace,
  vendor: Vendor,
): Promise<CredentialView> {
  const value = makeProviderKey(vendor, workspace.name.replaceAll(/[^a-z]/g, ''));
  const credential = await stack.api.createCredential({
    provider: byokProviders[vendor],
    api_key: value,
    workspace_id: workspace.workspaceId,
  });
  workspace.providerKeys[vendor] = value;
  workspace.credentials[vendor] = credential;
  return credential;
}

/**
 * What is wrong with where the calls arrived: each answered call once, with one of the keys that `allowed` names for it; a
 * call that was refused by us nowhere.
 */
export function keyViolations(
  provider: Pick<ProviderStandIn, 'calls'>,
  outcomes: readonly CallOutcome[],
  allowed: (outcome: CallOutcome) => readonly string[],
): string[] {
  const received = receivedByMarker(provider);
  return outcomes.flatMap((outcome) => {
    const arrived = received.get(outcome.marker) ?? [];
    const label = `${outcome.kind} ${outcome.marker}`;
    if (outcome.problem !== null)
      return arrived.length === 0 ? [] : [`${label} was refused, but reached the provider`];
    if (arrived.length !== 1) return [`${label} reached the provider ${arrived.length} times`];
    const hashes = allowed(outcome).map(hashOfKey);
    const isRight = hashes.includes(arrived[0]?.keyHash ?? '');
    return isRight
      ? []
      : [`${label} carried the key ...${arrived[0]?.apiKey?.slice(-4)}, which is another one`];
  });
}
