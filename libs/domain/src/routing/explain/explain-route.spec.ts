import { type CredentialsDocument, matchLlmRoute } from '@signalbox/gateway';
import { plainOrganization, plainWorkspace } from '../../../../../test/support/projection-documents';
import { aCatalogueOf } from '../../../../../test/support/route-world';
import { aDeployment } from '../../../../../test/support/scoring-world';
import { explainRoute } from './explain-route';
import type { EdgeState, ExplainedRequest } from './explain.types';

const caller = { organizationId: 'org_1', workspaceId: 'ws_1', userId: null, keyHashes: null };
const match = matchLlmRoute('POST', '/v1/chat/completions');
if (match.kind !== 'matched') throw new Error('no such route');

const request: ExplainedRequest = {
  route: match.route,
  fields: { model: 'fast', messages: [] },
  model: 'fast',
  byteLength: 100,
  sessionId: undefined,
  draw: 0.5,
};

/** Keys of the platform's that are variables of its environment. */
function walletOf(variables: Readonly<Record<string, string>>): CredentialsDocument {
  const credentials = Object.entries(variables).map(([kind, variable]) => ({
    id: `cred_${kind}`,
    provider_id: `prov_${kind}`,
    provider_kind: kind,
    state: 'verified' as const,
    expires_at: null,
    environment_variable: variable,
  }));
  return { v: 1, owner_key: 'platform', credentials };
}

function stateWith(wallet: CredentialsDocument): EdgeState {
  const deployments = [{ ...aDeployment('dep_fast', 'openai'), upstream_model: 'openai/gpt-x' }];
  const known = aCatalogueOf({ fast: { openrouter_id: 'openai/gpt-x', deployments } });
  return {
    ...known,
    facts: { v: 1, ...known.facts },
    keys: [],
    workspace: plainWorkspace,
    organization: plainOrganization,
    platformRules: {},
    documentOf: (ownerKey) => (ownerKey === 'platform' ? wallet : null),
    performance: new Map(),
    openBreakers: new Map(),
    nowMs: 0,
  };
}

it('goes around LiteLLM only with the variable that edges have: OpenRouter’s', () => {
  const state = stateWith(walletOf({ openai: 'OPENAI_API_KEY', openrouter: 'OPENROUTER_API_KEY' }));
  const { attempts, waysAround } = explainRoute(state, caller, request);
  expect(attempts.map(({ credential }) => credential?.id)).toEqual(['cred_openai']);
  expect(waysAround.map(({ via, credential }) => [via, credential?.id])).toEqual([
    ['openrouter', 'cred_openrouter'],
  ]);
  const other = stateWith(walletOf({ openai: 'OPENAI_API_KEY', openrouter: 'MY_OPENROUTER_KEY' }));
  expect(explainRoute(other, caller, request).waysAround).toEqual([]);
});
