import { z } from 'zod';
import { type PowerLevel, powerLevels } from '../routing-policy';
import { expectedCostPicoUsd } from './candidate-figures';
import {
  type DecisionCandidate,
  decisionCandidate,
  decodeCandidate,
  encodeCandidate,
} from './decision-candidate';
import {
  type DropReason,
  dropReasons,
  type Ranking,
  type RankingInput,
  type RequestNeeds,
  type ScoringCandidate,
} from './scoring.types';

const keptByRank = 24;
const keptByCost = 8;
const keptByQuality = 8;
const keptCandidates = keptByRank + keptByCost + keptByQuality;
const jsonKinds = ['none', 'object', 'schema'] as const;

const classification = z.object({
  difficulty: z.enum(['easy', 'medium', 'hard']),
  by: z.enum(['rules', 'model']),
  reasons: z.array(z.string().max(64)).max(20).readonly(),
});

/** Why somebody was called. */
export interface DecisionSubject {
  /** What the client asked for, aliases resolved. */
  readonly asked: string;
  readonly kind: 'level' | 'group' | 'model' | 'auto';
  readonly powerLevel: PowerLevel | null;
  /** Of the policy. */
  readonly strategy: 'level' | 'cost' | 'latency' | 'balanced' | 'custom';
  /** policyHashOf the policy that held. */
  readonly policy: string;
  readonly classification?: z.infer<typeof classification>;
}

type NeedsRecord = readonly [
  promptTokens: number,
  cachedPromptTokens: number,
  maxAnswerTokens: number | null,
  expectedAnswerTokens: number,
  mode: string | null,
  modalities: readonly string[],
  needsTools: 0 | 1,
  json: number,
];

/** The inputs of a decision, as the usage event keeps them. */
export interface DecisionRecord extends Record<string, unknown> {
  readonly v: 1;
  readonly asked: string;
  readonly kind: DecisionSubject['kind'];
  readonly power_level: PowerLevel | null;
  readonly strategy: DecisionSubject['strategy'];
  readonly policy: string;
  readonly needs: NeedsRecord;
  readonly draw: number;
  readonly affinity: string | null;
  /** Place in `candidates`; -1: nobody was left. */
  readonly chosen: number;
  readonly explored: boolean;
  readonly candidates: readonly DecisionCandidate[];
  readonly dropped: Partial<Record<DropReason, number>>;
  readonly classification?: z.infer<typeof classification>;
}

/** Under another policy these might have been chosen. */
const reasonsOfThePolicy: ReadonlySet<DropReason> = new Set([
  'region',
  'data_policy',
  'price_unknown',
  'price_ceiling',
]);

interface Eligible {
  readonly candidate: ScoringCandidate;
  readonly costPicoUsd: number;
  readonly qualityPermille: number;
}

function eligibleOf({ needs }: RankingInput, { ranked, dropped }: Ranking): Eligible[] {
  const others = dropped.filter(({ reason }) => reasonsOfThePolicy.has(reason));
  return [...ranked, ...others].map(({ candidate }) => ({
    candidate,
    costPicoUsd: expectedCostPicoUsd(candidate, needs) ?? Number.POSITIVE_INFINITY,
    qualityPermille: candidate.facts.quality ?? -1,
  }));
}

/** The best ones by what was decided on, and those that another policy would rather have taken. */
function keptOf(eligible: readonly Eligible[]): readonly Eligible[] {
  if (eligible.length <= keptCandidates) return eligible;
  const kept = new Set(eligible.slice(0, keptByRank));
  const byCost = [...eligible].sort((left, right) => left.costPicoUsd - right.costPicoUsd);
  const byQuality = [...eligible].sort((left, right) => right.qualityPermille - left.qualityPermille);
  for (const one of [...byCost.slice(0, keptByCost), ...byQuality.slice(0, keptByQuality)]) kept.add(one);
  return eligible.filter((one) => kept.has(one));
}

function needsRecordOf(needs: RequestNeeds): NeedsRecord {
  return [
    needs.promptTokens,
    needs.cachedPromptTokens,
    needs.maxAnswerTokens,
    needs.expectedAnswerTokens,
    needs.mode,
    needs.inputModalities,
    needs.needsTools ? 1 : 0,
    jsonKinds.indexOf(needs.json),
  ];
}

function countsOf({ dropped }: Ranking): Partial<Record<DropReason, number>> {
  const counts: Partial<Record<DropReason, number>> = {};
  for (const { reason } of dropped) counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

/** @param ranking what rankCandidates made of the input */
export function encodeDecision(
  subject: DecisionSubject,
  input: RankingInput,
  ranking: Ranking,
): DecisionRecord {
  return {
    v: 1,
    asked: subject.asked,
    kind: subject.kind,
    power_level: subject.powerLevel,
    strategy: subject.strategy,
    policy: subject.policy,
    needs: needsRecordOf(input.needs),
    draw: input.draw,
    affinity: input.affinityKey,
    // Candidates are kept in their order, and the first one always.
    chosen: ranking.ranked.length > 0 ? 0 : -1,
    explored: ranking.isExploring,
    candidates: keptOf(eligibleOf(input, ranking)).map(({ candidate }) => encodeCandidate(candidate)),
    dropped: countsOf(ranking),
    ...(subject.classification && { classification: subject.classification }),
  };
}

const name = z.string().max(512);
const count = z.int().nonnegative();

const record = z.object({
  v: z.literal(1),
  asked: name,
  kind: z.enum(['level', 'group', 'model', 'auto']),
  power_level: z.enum(powerLevels).nullable(),
  strategy: z.enum(['level', 'cost', 'latency', 'balanced', 'custom']),
  policy: z.string().max(64),
  needs: z.tuple([
    count,
    count,
    count.nullable(),
    count,
    z.string().max(64).nullable(),
    z.array(z.string().max(32)).max(16),
    z.literal([0, 1]),
    z.int().min(0).max(2),
  ]),
  draw: z.number().min(0).max(1),
  affinity: z.string().max(256).nullable(),
  chosen: z.int().min(-1),
  explored: z.boolean(),
  candidates: z.array(decisionCandidate).max(keptCandidates),
  dropped: z.partialRecord(z.enum(dropReasons), count),
  classification: classification.optional(),
});

/** A decision that can be made again: rankCandidates of `input` and the rules of its policy gives what it gave. */
export interface KeptDecision extends DecisionSubject {
  readonly input: Omit<RankingInput, 'rules'>;
  /** null: nobody was left. */
  readonly chosenDeploymentId: string | null;
  readonly wasExploring: boolean;
  readonly dropped: Partial<Record<DropReason, number>>;
}

function needsFrom(kept: z.infer<typeof record>['needs']): RequestNeeds {
  const [
    promptTokens,
    cachedPromptTokens,
    maxAnswerTokens,
    expectedAnswerTokens,
    mode,
    modalities,
    tools,
    json,
  ] = kept;
  return {
    promptTokens,
    cachedPromptTokens,
    maxAnswerTokens,
    expectedAnswerTokens,
    mode,
    inputModalities: modalities,
    needsTools: tools === 1,
    json: jsonKinds[json] ?? 'none',
  };
}

/** @returns null for what is no such record, or one of a version that this one does not know */
export function decodeDecision(value: unknown): KeptDecision | null {
  const parsed = record.safeParse(value);
  if (!parsed.success) return null;
  const { data } = parsed;
  const candidates = data.candidates.map(decodeCandidate);
  return {
    asked: data.asked,
    kind: data.kind,
    powerLevel: data.power_level,
    strategy: data.strategy,
    policy: data.policy,
    ...(data.classification && { classification: data.classification }),
    input: { candidates, needs: needsFrom(data.needs), draw: data.draw, affinityKey: data.affinity },
    chosenDeploymentId: candidates[data.chosen]?.deployment.id ?? null,
    wasExploring: data.explored,
    dropped: data.dropped,
  };
}
