import {
  type CatalogueDocument,
  type CredentialsDocument,
  type DeploymentFacts,
  type DeploymentPerformance,
  type RouteChoice,
  type RouteChoiceInput,
  routingPolicy,
  tokenPrices,
  unknownFacts,
} from '@signalbox/gateway';
import { aDeployment, noDraw, plainNeeds } from './scoring-world';

type Model = CatalogueDocument['models'][number];

export interface ModelChange extends Partial<Model> {
  /** Of its deployments, one after the other. */
  readonly kinds?: readonly string[];
  /** US dollars per million tokens, prompt and answer alike. null: nobody knows. */
  readonly usdPerMillion?: number | null;
  readonly facts?: Partial<DeploymentFacts>;
}

export interface Catalogue {
  readonly catalogue: CatalogueDocument;
  readonly facts: { readonly deployments: Record<string, DeploymentFacts> };
}

/** Each model with deployments `dep_<name>` (`dep_<name>_2` ...), and what is known of them. */
export function aCatalogueOf(models: Readonly<Record<string, ModelChange>>): Catalogue {
  const deployments: Record<string, DeploymentFacts> = {};
  const entries = Object.entries(models).map(([name, change]): Model => {
    const { kinds = ['openai'], usdPerMillion = 1, facts, ...rest } = change;
    const own = kinds.map((kind, index) => {
      const id = index === 0 ? `dep_${name}` : `dep_${name}_${index + 1}`;
      const price = usdPerMillion === null ? null : Math.round(usdPerMillion * 1_000_000);
      const prices = price === null ? null : tokenPrices.parse({ input: price, output: price });
      deployments[id] = { ...unknownFacts, prices, prior_first_byte_ms: 1_000, ...facts };
      return aDeployment(id, kind);
    });
    const ids = own.map(({ id }) => id);
    return { name, mode: 'chat', deployment_ids: ids, deployments: own, openrouter_id: null, ...rest };
  });
  const catalogue = { v: 1, release_id: 'rel_1', release_number: 1, models: entries };
  return { catalogue, facts: { deployments } };
}

/** The platform's keys for these kinds of providers. */
export function walletOf(kinds: readonly string[], ownerKey = 'platform'): CredentialsDocument {
  const credentials = kinds.map((kind) => ({
    id: `cred_${ownerKey}_${kind}`,
    provider_id: `prov_${kind}`,
    state: 'verified' as const,
    expires_at: null,
  }));
  return { v: 1, owner_key: ownerKey, credentials };
}

export interface ChoiceChange extends Partial<Omit<RouteChoiceInput, 'policy' | 'catalogue' | 'facts'>> {
  readonly policy?: object;
  readonly models?: Readonly<Record<string, ModelChange>>;
  /** By the deployment's id. */
  readonly measured?: Readonly<Record<string, Partial<DeploymentPerformance>>>;
  readonly keyModels?: string[];
  readonly workspaceModels?: string[];
}

const kinds = ['openai', 'anthropic', 'groq', 'ollama'];

/** A request for `asked`, which the platform may pay for at openai, anthropic, groq and ollama. Explores nobody. */
export function aChoice(asked: string, change: ChoiceChange = {}): RouteChoiceInput {
  const { policy, models = {}, measured = {}, keyModels = [], workspaceModels = [], ...rest } = change;
  const wallet = walletOf(kinds);
  const performance = new Map(
    Object.entries(measured).map(([id, one]) => [
      id,
      { firstByteMs: null, errorRate: 0, weight: 100, ...one },
    ]),
  );
  return {
    asked,
    policy: routingPolicy.parse(policy ?? {}),
    key: { organization_id: 'org_1', workspace_id: 'ws_1', user_id: null, models: keyModels },
    workspace: { models: workspaceModels, credential_policy: 'byok_then_platform', platform_fallback: false },
    organization: { platform_credentials: true },
    ...aCatalogueOf(models),
    documentOf: (ownerKey) => (ownerKey === 'platform' ? wallet : null),
    performance,
    isBreakerOpen: null,
    needs: () => plainNeeds,
    mode: 'chat',
    auto: null,
    affinityKey: null,
    draw: noDraw,
    nowMs: 1_800_000_000_000,
    ...rest,
  };
}

/** What is tried, in order: deployments' ids, with `!` where the vendor is another one than the first choice's. */
export function planned({ plan }: RouteChoice): string[] {
  const names: string[] = [];
  for (let next = plan.next(); next; next = plan.next())
    names.push((next.deployment?.id ?? next.model) + (next.isCrossVendor ? '!' : ''));
  return names;
}
