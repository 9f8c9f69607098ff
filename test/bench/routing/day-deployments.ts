/** What is true of a deployment at a moment of the simulated day. Nobody but the oracle knows it. */
export interface TrueState {
  /** Typical time to the first token. */
  readonly medianMs: number;
  readonly failureShare: number;
  readonly failure: FailureKind;
  /** Pico-dollars per token. */
  readonly input: number;
  readonly output: number;
}

/** connect: refused at once; server: a 5xx after a moment; rate: 429, with Retry-After; hang: no answer within the time limit. */
export const failureKinds = ['connect', 'server', 'rate', 'hang'] as const;
export type FailureKind = (typeof failureKinds)[number];

export interface DayDeployment {
  readonly id: string;
  readonly model: string;
  readonly kind: string;
  readonly quality: number;
  readonly medianMs: number;
  /** US dollars per million tokens: prompt, answer. */
  readonly usdPerMillion: readonly [number, number];
}

/** Ten deployments as a workspace may have them: invented vendors' models with prices, speed and quality of today's market. */
export const dayDeployments: readonly DayDeployment[] = [
  {
    id: 'openai-large',
    model: 'large-a',
    kind: 'openai',
    quality: 0.86,
    medianMs: 650,
    usdPerMillion: [2.5, 10],
  },
  {
    id: 'anthropic-large',
    model: 'large-b',
    kind: 'anthropic',
    quality: 0.9,
    medianMs: 900,
    usdPerMillion: [3, 15],
  },
  {
    id: 'google-large',
    model: 'large-c',
    kind: 'google',
    quality: 0.88,
    medianMs: 1_100,
    usdPerMillion: [1.25, 10],
  },
  {
    id: 'openrouter-large',
    model: 'large-a',
    kind: 'openrouter',
    quality: 0.86,
    medianMs: 850,
    usdPerMillion: [2.6, 10.4],
  },
  {
    id: 'openai-mini',
    model: 'mini-a',
    kind: 'openai',
    quality: 0.62,
    medianMs: 450,
    usdPerMillion: [0.15, 0.6],
  },
  {
    id: 'google-mini',
    model: 'mini-c',
    kind: 'google',
    quality: 0.6,
    medianMs: 380,
    usdPerMillion: [0.1, 0.4],
  },
  {
    id: 'groq-llama',
    model: 'llama',
    kind: 'groq',
    quality: 0.66,
    medianMs: 180,
    usdPerMillion: [0.59, 0.79],
  },
  {
    id: 'together-llama',
    model: 'llama',
    kind: 'together',
    quality: 0.66,
    medianMs: 420,
    usdPerMillion: [0.88, 0.88],
  },
  {
    id: 'fireworks-llama',
    model: 'llama',
    kind: 'fireworks',
    quality: 0.66,
    medianMs: 500,
    usdPerMillion: [0.9, 0.9],
  },
  {
    id: 'huggingface-small',
    model: 'small',
    kind: 'huggingface',
    quality: 0.45,
    medianMs: 700,
    usdPerMillion: [0.06, 0.06],
  },
];

interface Incident {
  readonly ids: readonly string[];
  /** Minutes of the day. */
  readonly from: number;
  readonly to: number;
  readonly slower?: number;
  readonly failureShare?: number;
  readonly failure?: FailureKind;
}

interface PriceChange {
  readonly id: string;
  readonly from: number;
  readonly factor: number;
}

const at = (hour: number, minute = 0): number => hour * 60 + minute;

export const minutesOfDay = at(24);

const incidents: readonly Incident[] = [
  { ids: ['huggingface-small'], from: at(2), to: at(2, 40), failureShare: 1, failure: 'server' },
  { ids: ['groq-llama'], from: at(6, 30), to: at(8), slower: 10 },
  { ids: ['anthropic-large'], from: at(9), to: at(9, 45), failureShare: 1, failure: 'connect' },
  { ids: ['openai-mini'], from: at(10, 30), to: at(11, 15), failureShare: 0.35, failure: 'server' },
  // A network that several vendors hang on.
  {
    ids: ['openai-large', 'anthropic-large', 'google-large', 'openrouter-large', 'openai-mini'],
    from: at(11, 30),
    to: at(11, 50),
    failureShare: 1,
    failure: 'server',
  },
  { ids: ['openai-large', 'openrouter-large'], from: at(14), to: at(15, 30), slower: 6 },
  { ids: ['google-mini'], from: at(16), to: at(16, 20), failureShare: 1, failure: 'hang' },
  { ids: ['groq-llama'], from: at(17), to: at(17, 30), failureShare: 0.5, failure: 'rate' },
  {
    ids: ['anthropic-large', 'google-large'],
    from: at(18),
    to: at(18, 10),
    failureShare: 1,
    failure: 'server',
  },
  { ids: ['huggingface-small'], from: at(19), to: at(20), failureShare: 0.2, failure: 'server' },
  { ids: ['openai-large'], from: at(20, 15), to: at(20, 40), failureShare: 0.6, failure: 'hang' },
  { ids: ['huggingface-small'], from: at(21, 30), to: at(22, 15), slower: 8 },
];

const priceChanges: readonly PriceChange[] = [
  { id: 'google-mini', from: at(12), factor: 8 },
  { id: 'google-large', from: at(13), factor: 0.5 },
  { id: 'huggingface-small', from: at(15), factor: 12 },
  { id: 'together-llama', from: at(21), factor: 0.2 },
];

/** Nothing is perfect. */
const usualFailureShare = 0.004;
const shortIncidentsEach = 4;
const picoPerMicro = 1_000_000;

/** The day of one deployment, minute by minute. */
export function statesOf(deployment: DayDeployment, random: () => number): TrueState[] {
  const own = [...incidents, ...shortIncidents(deployment.id, random)].filter(({ ids }) =>
    ids.includes(deployment.id),
  );
  return Array.from({ length: minutesOfDay }, (_, minute) => stateAt(deployment, own, minute));
}

/** Such as no status page ever shows. */
function shortIncidents(id: string, random: () => number): Incident[] {
  return Array.from({ length: shortIncidentsEach }, () => {
    const from = Math.floor(random() * minutesOfDay);
    const to = from + 2 + Math.floor(random() * 5);
    const failureShare = 0.3 + random() * 0.7;
    const isSlow = random() < 0.4;
    return isSlow
      ? { ids: [id], from, to, slower: 3 + random() * 6 }
      : { ids: [id], from, to, failureShare, failure: random() < 0.5 ? 'server' : 'connect' };
  });
}

function stateAt(deployment: DayDeployment, own: readonly Incident[], minute: number): TrueState {
  const running = own.filter(({ from, to }) => minute >= from && minute < to);
  const worst = running.reduce<Incident | null>(
    (found, one) => ((one.failureShare ?? 0) > (found?.failureShare ?? 0) ? one : found),
    null,
  );
  const slower = running.reduce((factor, one) => factor * (one.slower ?? 1), 1);
  const [input, output] = pricesAt(deployment, minute);
  return {
    medianMs: deployment.medianMs * rhythmAt(minute) * slower,
    failureShare: worst?.failureShare ?? usualFailureShare,
    failure: worst?.failure ?? 'server',
    input,
    output,
  };
}

/** By the afternoon everybody is slower than at night. */
export function rhythmAt(minute: number): number {
  return 1 + 0.3 * Math.sin(((minute - at(9)) / minutesOfDay) * 2 * Math.PI);
}

export function pricesAt({ id, usdPerMillion }: DayDeployment, minute: number): readonly [number, number] {
  const factor = priceChanges
    .filter((change) => change.id === id && minute >= change.from)
    .reduce((product, change) => product * change.factor, 1);
  const [input, output] = usdPerMillion;
  return [Math.round(input * factor * picoPerMicro), Math.round(output * factor * picoPerMicro)];
}

/** Minutes at which prices change. */
export const priceChangeMinutes: readonly number[] = priceChanges.map(({ from }) => from);
