import type { ProviderHealthState } from '@signalbox/database';
import type { ProbeOutcome } from '@signalbox/domain/provider-drivers';

/** What the edges saw, decayed: half of it is of the last five minutes. */
export interface TrafficFigures {
  readonly calls: number;
  /** Of failures that are the provider's own: never a customer's wrong key, nor a mistake of a client. */
  readonly errorRate: number;
  readonly firstByteMs: number | null;
}

/** What the last check said. */
export interface ProbeFigures {
  readonly outcome: ProbeOutcome;
  readonly detail: string;
  /** How many in a row said that the provider is not there. */
  readonly failedInARow: number;
}

/** How a provider can be asked without a call that costs. */
export type ProbeWay = 'key' | 'liveness' | 'none';

export interface HealthEvidence {
  readonly isEnabled: boolean;
  readonly probeWay: ProbeWay;
  /** The built-in demo: LiteLLM answers by itself. */
  readonly isDemo: boolean;
  /** null: nobody called lately. */
  readonly traffic: TrafficFigures | null;
  /** null: it was not asked, or not lately. */
  readonly probe: ProbeFigures | null;
}

export type HealthReason =
  | 'calls_succeed'
  | 'some_calls_fail'
  | 'calls_fail'
  | 'check_passed'
  | 'check_failed'
  | 'key_refused'
  | 'no_credit'
  | 'key_forbidden'
  | 'rate_limited'
  | 'nothing_known'
  | 'switched_off';

export interface HealthVerdict {
  readonly state: ProviderHealthState;
  readonly reason: HealthReason;
  /** Of what the state was concluded. */
  readonly source: 'traffic' | 'probe' | 'both' | 'none';
  readonly detail: string;
}

/** Fewer calls say too little by themselves. */
const tellingCalls = 3;
const degradedFrom = 0.1;
const unhealthyFrom = 0.5;
/** One failed check may be a hiccup of ours. */
const failedChecksToBeUnhealthy = 2;

const down: ReadonlySet<ProbeOutcome> = new Set(['provider_down', 'unreachable']);

export function isDown(outcome: ProbeOutcome): boolean {
  return down.has(outcome);
}

/** The provider is there; what is wrong is the platform's own to mend. */
const ofTheKey: Partial<Record<ProbeOutcome, readonly [HealthReason, string]>> = {
  invalid: ['key_refused', "It refuses the platform's key."],
  out_of_credit: ['no_credit', "The account of the platform's key has no credit left."],
  forbidden: ['key_forbidden', "It knows the platform's key and does not let it do this."],
  rate_limited: ['rate_limited', 'It takes no more requests of the platform for the moment.'],
};

const nothingAsked: Readonly<Record<ProbeWay, string>> = {
  key: 'Nobody called it lately, and its check has said nothing yet.',
  liveness: 'Nobody called it lately, and its check has said nothing yet.',
  none: "Nobody called it lately. It cannot be asked without a call that costs: the platform has no key that may be tried here, and customers' keys are never used for this.",
};

const nothingBehindDemo =
  'Nobody called it lately. Its answers are canned and come from LiteLLM itself: there is no provider behind it that could be asked, and it costs nothing.';

/** What calls say weighs more than what a check says: a check asks another route. */
export function judgeHealth({ isEnabled, probeWay, isDemo, traffic, probe }: HealthEvidence): HealthVerdict {
  if (!isEnabled) return verdict('unknown', 'switched_off', 'none', 'It is switched off.');
  const byTraffic = traffic && traffic.calls >= tellingCalls ? judgeTraffic(traffic) : null;
  const byProbe = probe ? judgeProbe(probe) : null;
  if (byTraffic && byProbe) return both(byTraffic, byProbe);
  const why = isDemo ? nothingBehindDemo : nothingAsked[probeWay];
  return byTraffic ?? byProbe ?? verdict('unknown', 'nothing_known', 'none', why);
}

function verdict(
  state: ProviderHealthState,
  reason: HealthReason,
  source: HealthVerdict['source'],
  detail: string,
): HealthVerdict {
  return { state, reason, source, detail };
}

function judgeTraffic({ errorRate }: TrafficFigures): HealthVerdict {
  const share = `${Math.round(errorRate * 100)} % of the latest calls failed by its own fault.`;
  if (errorRate >= unhealthyFrom) return verdict('unhealthy', 'calls_fail', 'traffic', share);
  if (errorRate >= degradedFrom) return verdict('degraded', 'some_calls_fail', 'traffic', share);
  return verdict('healthy', 'calls_succeed', 'traffic', 'The latest calls were answered.');
}

/** null: it says nothing of the provider. */
function judgeProbe({ outcome, detail, failedInARow }: ProbeFigures): HealthVerdict | null {
  if (outcome === 'valid') return verdict('healthy', 'check_passed', 'probe', detail);
  if (isDown(outcome)) {
    const isSure = failedInARow >= failedChecksToBeUnhealthy;
    return verdict(isSure ? 'unhealthy' : 'degraded', 'check_failed', 'probe', detail);
  }
  const [reason, what] = ofTheKey[outcome] ?? [];
  return reason && what ? verdict('degraded', reason, 'probe', what) : null;
}

function both(byTraffic: HealthVerdict, byProbe: HealthVerdict): HealthVerdict {
  if (byTraffic.state !== 'healthy') return { ...byTraffic, source: 'both' };
  if (byProbe.state === 'healthy') return { ...byTraffic, source: 'both' };
  const detail = `Calls are answered, and yet: ${byProbe.detail}`;
  return { ...byProbe, state: 'degraded', source: 'both', detail };
}
