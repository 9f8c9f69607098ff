import {
  type CatalogueDeployment,
  type DeploymentFacts,
  type DeploymentPerformance,
  type RankingInput,
  type RequestNeeds,
  type ScoringCandidate,
  tokenPrices,
  unknownFacts,
  unknownPerformance,
} from '@signalbox/gateway';

/** Candidates and requests for tests of the scoring. */
export interface CandidateChange extends Partial<
  Omit<ScoringCandidate, 'deployment' | 'facts' | 'performance'>
> {
  readonly kind?: string;
  readonly deployment?: Partial<CatalogueDeployment>;
  readonly facts?: Partial<DeploymentFacts>;
  readonly performance?: Partial<DeploymentPerformance>;
  /** US dollars per million tokens, of prompt and answer: micro-dollars per token are pico-dollars by a million. */
  readonly usdPerMillion?: readonly [prompt: number, answer: number];
}

export function aDeployment(id: string, kind = 'openai'): CatalogueDeployment {
  return {
    id,
    provider_id: `prov_${kind}`,
    provider_kind: kind,
    needs_key: true,
    credential_id: null,
    weight: 1,
    order: 0,
    upstream_model: null,
    base_url: null,
  };
}

/** One that may be chosen, answers in a second, and of whose model nothing else is known. */
export function aCandidate(id: string, change: CandidateChange = {}): ScoringCandidate {
  const { kind, deployment, facts, performance, usdPerMillion = [1, 1], ...rest } = change;
  const [input, output] = usdPerMillion.map((usd) => Math.round(usd * 1_000_000));
  return {
    model: `model-${id}`,
    mode: 'chat',
    deployment: { ...aDeployment(id, kind), ...deployment },
    credential: { id: 'cred_1', owner: 'platform' },
    facts: {
      ...unknownFacts,
      prices: tokenPrices.parse({ input, output }),
      prior_first_byte_ms: 1_000,
      ...facts,
    },
    performance: { ...unknownPerformance, ...performance },
    isBreakerOpen: false,
    ...rest,
  };
}

/** A plain chat of 1,000 tokens in all. */
export const plainNeeds: RequestNeeds = {
  promptTokens: 600,
  cachedPromptTokens: 0,
  maxAnswerTokens: null,
  expectedAnswerTokens: 400,
  mode: 'chat',
  inputModalities: [],
  needsTools: false,
  json: 'none',
};

/** Explores nobody. */
export const noDraw = 1;

export function aRequest(
  input: Pick<RankingInput, 'candidates' | 'rules'> & Partial<RankingInput>,
): RankingInput {
  return { needs: plainNeeds, draw: noDraw, affinityKey: null, ...input };
}
