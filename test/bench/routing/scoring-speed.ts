import {
  decodeDecision,
  encodeDecision,
  needsOf,
  rankCandidates,
  type RankingInput,
  routingPolicy,
  type ScoringCandidate,
  scoringRulesOf,
} from '@signalbox/gateway';
import { percentile, type Row } from '../../support/e2e/figures';
import { aCandidate, plainNeeds } from '../../support/scoring-world';
import { openProcessorWait } from './processor-wait';

const kinds = ['openai', 'anthropic', 'groq', 'openrouter', 'together', 'google', 'ollama'];
const policy = routingPolicy.parse({});
const rules = scoringRulesOf(policy, { kind: 'level', level: 'balanced' });
/** Goals: a decision among 500 in 1 ms, the next candidate in 5 ms. */
const goalsUs = { decision: 1_000, next: 5_000 };

/** As with Gemini and Claude; the prompts here are long ones. */
const longPrompt = { above_prompt_tokens: 200, output: null, cache_read: null, cache_write: null };

/** Half are alike, so that ties are broken often; a tenth is dropped for each of some reasons, a third has prices of long prompts. */
function candidatesOf(count: number): ScoringCandidate[] {
  return Array.from({ length: count }, (_, index) => {
    const figure = index % 2 === 0 ? index : 1;
    const [input, output] = [(figure % 90) * 100_000, (figure % 170) * 100_000];
    const usual = { input, output, cache_read: null, cache_write: null, request: null };
    const tiered = { ...usual, long_prompt: [{ ...longPrompt, input: input * 2 }] };
    return aCandidate(`dep_01hzy3v7k8m9n0p1q2r3s4t5${String(index).padStart(3, '0')}`, {
      model: `vendor-${index % 40}/model-${index % 120}`,
      kind: kinds[index % kinds.length]!,
      facts: {
        prices: index % 3 === 0 ? tiered : usual,
        quality: (figure % 100) / 100,
        context_length: index % 10 === 3 ? 500 : 128_000,
        input_modalities: ['text', 'image'],
        tools: index % 10 !== 5,
        region: 'eu',
      },
      performance: {
        firstByteMs: 200 + ((figure * 37) % 4_000),
        errorRate: (figure % 20) / 100,
        weight: figure % 60,
      },
      isBreakerOpen: index % 10 === 7,
    });
  });
}

function inputOf(candidates: readonly ScoringCandidate[], affinityKey: string | null = null): RankingInput {
  return { candidates, needs: { ...plainNeeds, needsTools: true }, rules, draw: 0.5, affinityKey };
}

type Operation = () => unknown;

const waitUs = openProcessorWait();

/** Each call by itself: a mean would hide the pauses of the garbage collector, which requests feel. */
function measured(name: string, operation: Operation, rounds: number, goalUs: number | null): Row {
  for (let round = 0; round < Math.min(rounds, 2_000); round += 1) operation();
  const valuesUs: number[] = [];
  const ownUs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const waitedUs = waitUs?.() ?? 0;
    const startedAt = performance.now();
    operation();
    const tookUs = (performance.now() - startedAt) * 1_000;
    valuesUs.push(tookUs);
    ownUs.push(Math.max(0, tookUs - ((waitUs?.() ?? 0) - waitedUs)));
  }
  const rounded = (values: readonly number[], share: number): number =>
    Math.round(percentile(values, share) * 10) / 10;
  const p99 = rounded(valuesUs, 0.99);
  return {
    operation: name,
    count: rounds,
    p50_us: rounded(valuesUs, 0.5),
    p99_us: p99,
    max_us: rounded(valuesUs, 1),
    // Without the time for which other programs had the processor.
    own_p99_us: waitUs ? rounded(ownUs, 0.99) : null,
    goal_p99_us: goalUs,
    reached: goalUs === null ? null : p99 < goalUs,
  };
}

/** Further draws, so that every call has its own input. */
function drawing(input: RankingInput, share: number): RankingInput {
  return { ...input, draw: share };
}

/** What the edge does when a candidate fails: the next one of the ranking whose breaker is still closed. */
function nextAfter(
  ranked: readonly { candidate: ScoringCandidate }[],
  open: ReadonlySet<string>,
): ScoringCandidate | null {
  return ranked.find(({ candidate }) => !open.has(candidate.deployment.id))?.candidate ?? null;
}

const body = {
  fields: {
    messages: Array.from({ length: 20 }, (_, index) => ({
      role: 'user',
      content: `Message ${index}`.repeat(20),
    })),
    tools: [{ type: 'function' }],
    max_tokens: 800,
  },
};

/** `npm run bench -- routing`: the time that a decision takes, in this process, without a network. */
export function scoringSpeedRows(rounds = 5_000): Row[] {
  const sizes = [20, 100, 500];
  const inputs = new Map(sizes.map((size) => [size, inputOf(candidatesOf(size))]));
  const rows = sizes.map((size) => {
    const input = inputs.get(size)!;
    let round = 0;
    const rank = (): unknown => rankCandidates(drawing(input, (round++ % 1_000) / 1_000));
    return measured(`rank ${size} candidates`, rank, rounds, goalsUs.decision);
  });
  const large = inputs.get(500)!;
  const ranking = rankCandidates(large);
  const failed = new Set<string>(ranking.ranked.slice(0, -1).map(({ candidate }) => candidate.deployment.id));
  const left = large.candidates.filter(
    ({ deployment }) => deployment.id !== ranking.ranked[0]?.candidate.deployment.id,
  );
  const subject = {
    asked: 'balanced',
    kind: 'level',
    powerLevel: 'balanced',
    strategy: 'level',
    policy: 'x',
  } as const;
  const record = encodeDecision(subject, large, ranking);
  return [
    ...rows,
    measured(
      'rank 500 candidates, with affinity',
      () => rankCandidates(inputOf(large.candidates, 'key')),
      rounds,
      goalsUs.decision,
    ),
    measured(
      'next candidate: the last of 500 that is left',
      () => nextAfter(ranking.ranked, failed),
      rounds,
      goalsUs.next,
    ),
    measured(
      'next candidate: all 499 others ranked anew',
      () => rankCandidates(inputOf(left)),
      rounds,
      goalsUs.next,
    ),
    measured(
      'needs of a request (20 messages)',
      () => needsOf(body, 'chat_completions', 8_000),
      rounds,
      null,
    ),
    measured('encode a decision among 500', () => encodeDecision(subject, large, ranking), rounds, null),
    measured('decode it', () => decodeDecision(record), rounds, null),
  ];
}
