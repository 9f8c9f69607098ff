import { hashVirtualKeyValue, signContext } from '@signalbox/gateway';
import type { E2eStack } from '../e2e-stack';
import type { Page } from './admin-api';
import type { ByokWorkspace } from './byok-workspaces';
import { loopback, type ModelView } from './loopback-models';

export const chatPath = '/v1/chat/completions';

/**
 * Calls LiteLLM itself with a context as the edge would sign it, for one credential: past the edge's own choice, so that only
 * LiteLLM's hook and the broker stand between the call and the provider.
 */
export async function contextSigner(
  stack: E2eStack,
  workspace: ByokWorkspace,
): Promise<(credentialId: string | null) => Record<string, string>> {
  const { data } =
    await stack.api.get<Page<ModelView & { deployments: { id: string; provider_id: string }[] }>>(
      '/llm/models?limit=200',
    );
  const deployment = data.find(({ name }) => name === loopback.keyedChat)?.deployments[0];
  if (!deployment) throw new Error(`${loopback.keyedChat} is not released: call useLoopbackProvider first`);
  const ring = stack.facts.context_signing_keys.split(',').map((entry) => {
    const [kid = '', encoded = ''] = entry.split(':');
    return { kid, key: Buffer.from(encoded, 'base64url') };
  });
  const claims = {
    rid: 'req_pasttheedge',
    m: 'POST',
    p: chatPath,
    kh: hashVirtualKeyValue(workspace.virtualKey.key),
    key: workspace.virtualKey.id,
    ws: workspace.workspaceId,
    org: workspace.organizationId,
    mdl: loopback.keyedChat,
    dep: deployment.id,
    prov: deployment.provider_id,
  };
  return (credentialId) => ({
    'x-signalbox-context': signContext(ring, { ...claims, cred: credentialId }, Date.now()),
  });
}
