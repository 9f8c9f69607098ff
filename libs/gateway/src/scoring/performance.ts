import { isRecord } from '@signalbox/common';
import { type DeploymentPerformance, unknownPerformance } from './scoring.types';

/** What is that old counts half. */
const halfLifeMs = 5 * 60_000;
/** What an edge wrote so long ago is left out: it is gone, or cut off. */
const documentLifeMs = 5 * 60_000;
/** As if so many calls had gone well: one failure among few calls says little, and an old failure fades. */
const assumedGoodCalls = 2;
/** Less than this is as good as nothing. */
const leastWeight = 0.01;
const deploymentsLimit = 10_000;

/** Decayed sums of one deployment's calls, as of a moment. */
export interface CallSums {
  readonly atMs: number;
  readonly calls: number;
  /** Calls of which the time to the first token is known, and the sum of these times. */
  readonly measured: number;
  readonly firstByteSumMs: number;
  readonly failures: number;
  /** Tokens of the prompts whose size is known, and those of them that the provider had cached. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
}

/** What an answer said of its prompt. */
export interface PromptUsage {
  readonly promptTokens: number;
  readonly cachedTokens: number;
}

/** A call that ended. Only failures that are the provider's own belong here. */
export interface CallOutcome {
  /** null: it failed, or nobody can say: an answer in one piece comes with its last token. */
  readonly firstByteMs: number | null;
  readonly hasFailed?: boolean;
}

export const noCalls: CallSums = {
  atMs: 0,
  calls: 0,
  measured: 0,
  firstByteSumMs: 0,
  failures: 0,
  promptTokens: 0,
  cachedTokens: 0,
};

/** A clock that was set back, or another machine's, makes nothing count more than once. */
function remainderAfter(elapsedMs: number): number {
  return elapsedMs <= 0 ? 1 : 0.5 ** (elapsedMs / halfLifeMs);
}

export function withCall(
  sums: CallSums,
  { firstByteMs, hasFailed = firstByteMs === null }: CallOutcome,
  nowMs: number,
): CallSums {
  const faded = fadedTo(sums, nowMs);
  return {
    ...faded,
    calls: faded.calls + 1,
    measured: faded.measured + (firstByteMs === null ? 0 : 1),
    firstByteSumMs: faded.firstByteSumMs + (firstByteMs ?? 0),
    failures: faded.failures + (hasFailed ? 1 : 0),
  };
}

/** When the first token came of a call that was counted without it, perhaps a while ago. */
export interface FirstToken {
  readonly firstByteMs: number;
  readonly atMs: number;
}

export function withFirstToken(sums: CallSums, { firstByteMs, atMs }: FirstToken, nowMs: number): CallSums {
  const faded = fadedTo(sums, nowMs);
  const rest = remainderAfter(nowMs - atMs);
  return {
    ...faded,
    measured: faded.measured + rest,
    firstByteSumMs: faded.firstByteSumMs + firstByteMs * rest,
  };
}

/** A call that was counted as a good one has failed after all: its answer broke off. */
export function withCut(sums: CallSums, nowMs: number): CallSums {
  const faded = fadedTo(sums, nowMs);
  return { ...faded, failures: faded.failures + 1 };
}

/** What the answer of a call that was counted already said of its prompt, when it has ended. */
export function withPrompt(
  sums: CallSums,
  { promptTokens, cachedTokens }: PromptUsage,
  nowMs: number,
): CallSums {
  const faded = fadedTo(sums, nowMs);
  return {
    ...faded,
    promptTokens: faded.promptTokens + promptTokens,
    cachedTokens: faded.cachedTokens + Math.min(cachedTokens, promptTokens),
  };
}

/** After a clock that was set back by an hour, what was seen before would else count in full for an hour. */
export function fadedTo(sums: CallSums, nowMs: number): CallSums {
  return addUp([sums], nowMs);
}

function addUp(all: readonly CallSums[], nowMs: number): CallSums {
  let [calls, measured, firstByteSumMs, failures, promptTokens, cachedTokens] = [0, 0, 0, 0, 0, 0];
  for (const sums of all) {
    const rest = remainderAfter(nowMs - sums.atMs);
    calls += sums.calls * rest;
    measured += sums.measured * rest;
    firstByteSumMs += sums.firstByteSumMs * rest;
    failures += sums.failures * rest;
    promptTokens += sums.promptTokens * rest;
    cachedTokens += sums.cachedTokens * rest;
  }
  return { atMs: nowMs, calls, measured, firstByteSumMs, failures, promptTokens, cachedTokens };
}

/** How a deployment has been, by what all edges saw of it. */
export function performanceOf(all: readonly CallSums[], nowMs: number): DeploymentPerformance {
  const { calls, measured, firstByteSumMs, failures, promptTokens, cachedTokens } = addUp(all, nowMs);
  if (calls < leastWeight) return unknownPerformance;
  return {
    firstByteMs: measured < leastWeight ? null : firstByteSumMs / measured,
    firstByteWeight: measured,
    errorRate: Math.min(1, failures / (calls + assumedGoodCalls)),
    ...(cachedTokens >= 1 && { cachedShare: Math.min(1, cachedTokens / promptTokens) }),
    weight: calls,
  };
}

/** The Redis hash of what the edges measure: a field for each edge. */
export function performanceKey(redisPrefix: string): string {
  return `${redisPrefix}:performance`;
}

/**
 * What one edge tells the others. For each deployment: calls, mean time to the first token, failures; of how many calls that time is
 * known, and where this is left out, of all that did not fail; tokens of prompts, and those of them that were cached.
 */
interface PerformanceDocument {
  readonly v: 1;
  readonly at_ms: number;
  readonly deployments: Readonly<Record<string, readonly number[]>>;
}

const fewestFigures = 3;
/** Of a deployment, and of a credential. */
const longestId = 257;

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

/** The document of one edge. Deployments that nobody called for long are left out. */
export function writePerformance(byDeployment: ReadonlyMap<string, CallSums>, nowMs: number): string {
  const deployments: Record<string, number[]> = {};
  for (const [id, sums] of byDeployment) {
    const { calls, measured, firstByteSumMs, failures, promptTokens, cachedTokens } = addUp([sums], nowMs);
    if (calls < leastWeight) continue;
    const meanMs = measured < leastWeight ? 0 : firstByteSumMs / measured;
    const [failed, answered] = [Math.min(failures, calls), Math.max(calls - failures, 0)];
    const areAllMeasured = Math.abs(answered - measured) < leastWeight / 10;
    const prompts = cachedTokens >= 1 ? [measured, promptTokens, cachedTokens] : null;
    deployments[id] = [calls, meanMs, failed, ...(prompts ?? (areAllMeasured ? [] : [measured]))].map(
      rounded,
    );
  }
  const document: PerformanceDocument = { v: 1, at_ms: nowMs, deployments };
  return JSON.stringify(document);
}

/** @returns nothing for a document that is too old or that cannot be read: then that edge has said nothing */
export function readPerformance(text: string, nowMs: number): ReadonlyMap<string, CallSums> {
  const read = parseDocument(text);
  const byDeployment = new Map<string, CallSums>();
  if (!read || Math.abs(nowMs - read.at_ms) > documentLifeMs) return byDeployment;
  for (const [id, figures] of Object.entries(read.deployments).slice(0, deploymentsLimit)) {
    const [calls = 0, meanMs = 0, failed = 0, told, promptTokens = 0, cached = 0] = figures;
    const failures = Math.min(failed, calls);
    const measured = Math.min(told ?? calls - failures, calls);
    const firstByteSumMs = meanMs * measured;
    const cachedTokens = Math.min(cached, promptTokens);
    const sums = { calls, measured, firstByteSumMs, failures, promptTokens, cachedTokens };
    byDeployment.set(id, { atMs: read.at_ms, ...sums });
  }
  return byDeployment;
}

function parseDocument(text: string): PerformanceDocument | null {
  try {
    const value: unknown = JSON.parse(text);
    return isDocument(value) ? value : null;
  } catch {
    return null;
  }
}

/** No edge has seen more of anything; sums of larger ones would be infinite, and their quotients no numbers. */
const largestAmount = 1e15;

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= largestAmount;
}

/** By hand: every edge reads this of all others every other second, and a schema held up requests by 200 ms for 2,000 deployments of 10 edges. */
function isDocument(value: unknown): value is PerformanceDocument {
  if (!isRecord(value) || value['v'] !== 1 || !Number.isFinite(value['at_ms'])) return false;
  const { deployments } = value;
  if (!isRecord(deployments)) return false;
  for (const id of Object.keys(deployments)) {
    const figures = deployments[id];
    if (id.length > longestId || !Array.isArray(figures) || figures.length < fewestFigures) return false;
    if (!figures.every(isAmount)) return false;
  }
  return true;
}

/** How the deployments are, by the values of the hash of `performanceKey`. */
export function performanceFrom(
  documents: Iterable<string>,
  nowMs: number,
): ReadonlyMap<string, DeploymentPerformance> {
  return mergePerformance(
    Array.from(documents, (text) => readPerformance(text, nowMs)),
    nowMs,
  );
}

/** All edges together. @param subjectOf whose figures a deployment's count for; undefined: nobody's */
export function mergePerformance(
  edges: readonly ReadonlyMap<string, CallSums>[],
  nowMs: number,
  subjectOf: (deploymentId: string) => string | undefined = (deploymentId) => deploymentId,
): ReadonlyMap<string, DeploymentPerformance> {
  const seen = new Map<string, CallSums[]>();
  for (const byDeployment of edges)
    for (const [deploymentId, sums] of byDeployment) {
      const id = subjectOf(deploymentId);
      if (id === undefined) continue;
      const known = seen.get(id);
      if (known) known.push(sums);
      else seen.set(id, [sums]);
    }
  return new Map([...seen].map(([id, all]) => [id, performanceOf(all, nowMs)]));
}
