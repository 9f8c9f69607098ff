import { OpenrouterStandIn } from '../../stand-ins/openrouter.stand-in';
import type { E2eStack } from '../e2e-stack';
import type { Page } from './admin-api';
import { loopback, type ModelView } from './loopback-models';
import { applySuccessfully } from './releases';

/** The platform's own at OpenRouter, saved like any other. */
export const platformOpenrouterKey = `sk-or-v1-${'0f'.repeat(32)}`;

/** By which the loopback models are known there. */
const openrouterIds: Readonly<Record<string, string>> = {
  [loopback.chat]: 'openai/gpt-4o-mini',
  [loopback.embedding]: 'openai/text-embedding-3-small',
  [loopback.anthropic]: 'anthropic/claude-sonnet-4.5',
  [loopback.keyedChat]: 'openai/gpt-4o-mini',
  [loopback.keyedEmbedding]: 'openai/text-embedding-3-small',
};

/**
 * OpenRouter on the port at which the stack looks for it, and the platform's key for it. The models' ids there are released once
 * per stack. Call useLoopbackProvider first.
 */
export async function useOpenrouter(stack: E2eStack): Promise<OpenrouterStandIn> {
  const standIn = await OpenrouterStandIn.start(Number(new URL(stack.facts.openrouter_url).port));
  const { data } =
    await stack.api.get<Page<ModelView & { openrouter_id: string | null }>>('/llm/models?limit=200');
  const unknown = data.filter(
    ({ name, openrouter_id: id }) => id === null && openrouterIds[name] !== undefined,
  );
  if (unknown.length === 0) return standIn;
  const saved = { provider: 'openrouter', api_key: platformOpenrouterKey, owner_type: 'platform' };
  await stack.api.createCredential(saved);
  for (const { id, name } of unknown)
    await stack.api.patch(`/llm/models/${id}`, { openrouter_id: openrouterIds[name] });
  await applySuccessfully(stack, { note: 'ids at OpenRouter' });
  return standIn;
}
