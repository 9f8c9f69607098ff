import type { Redis } from 'ioredis';
import { createHash } from 'node:crypto';
import type { LimitedSubject } from './limited-subjects';
import type { JournalPage } from './limits-journal';
import { limitsScript, verdictStatus, verdictWidth } from './limits-script';
import type { LimitedRequest, Refused, Verdict, WindowState } from './verdict';

/** How long a slot of a running request is held for an edge that says nothing more. */
export const parallelLeaseMs = 60_000;
/** Lua spreads a list over the arguments of one call: not too many. */
const idsPerEntry = 1_000;

/** One call of the script, as Redis gets it. */
export interface LimitsCall {
  readonly keys: string[];
  readonly payload: string;
  readonly subjects: readonly LimitedSubject[];
}

class SubjectIndex {
  readonly subjects: LimitedSubject[] = [];
  private readonly indexes = new Map<string, number>();

  /** From 1, as Lua counts. Of two states of the same subject the one that came last holds. */
  of(subject: LimitedSubject): number {
    const found = this.indexes.get(subject.name);
    if (found !== undefined) {
      this.subjects[found - 1] = subject;
      return found;
    }
    this.indexes.set(subject.name, this.subjects.push(subject));
    return this.subjects.length;
  }
}

function idEntries(
  lists: ReadonlyMap<LimitedSubject, ReadonlySet<string>>,
  index: SubjectIndex,
): (string | number)[][] {
  const entries: (string | number)[][] = [];
  for (const [subject, set] of lists) {
    const ids = [...set];
    for (let at = 0; at < ids.length; at += idsPerEntry)
      entries.push([index.of(subject), ...ids.slice(at, at + idsPerEntry)]);
  }
  return entries;
}

export function buildLimitsCall(
  prefix: string,
  requests: readonly LimitedRequest[],
  page: JournalPage,
): LimitsCall {
  const index = new SubjectIndex();
  const corrections = page.corrections.map(({ subject, atMs, requests: count, tokens }) => [
    index.of(subject),
    atMs,
    count,
    tokens,
  ]);
  const ended = idEntries(page.ended, index);
  const running = idEntries(page.running, index);
  const news = requests.map(({ tokens, id, count, subjects }) => [
    tokens,
    id,
    count,
    ...subjects.map((one) => index.of(one)),
  ]);
  const limits = index.subjects.map((subject) => subject.limits);
  const payload = { l: limits, e: parallelLeaseMs, o: corrections, f: ended, k: running, r: news };
  const keys = index.subjects.flatMap(({ name }) => [
    `${prefix}:limits:{${name}}`,
    `${prefix}:parallel:{${name}}`,
  ]);
  return { keys, payload: JSON.stringify(payload), subjects: index.subjects };
}

function windowState(answer: readonly number[], at: number): WindowState | null {
  const limit = answer[at] ?? -1;
  return limit < 0
    ? null
    : { limit, remaining: answer[at + 1] ?? 0, resetMs: Math.max(0, answer[at + 2] ?? 0) };
}

function reasonOf(status: number): Refused['reason'] {
  if (status === verdictStatus.requests) return 'requests';
  return status === verdictStatus.tokens ? 'tokens' : 'parallel';
}

/** @returns one verdict for each request, in order */
export function readVerdicts(call: LimitsCall, answer: readonly number[]): Verdict[] {
  const atMs = answer[0] ?? 0;
  const verdicts: Verdict[] = [];
  for (let at = 1; at < answer.length; at += verdictWidth) {
    const states = { atMs, requests: windowState(answer, at + 4), tokens: windowState(answer, at + 7) };
    const status = answer[at] ?? 0;
    const subject = call.subjects[(answer[at + 1] ?? 0) - 1];
    if (status === verdictStatus.admitted || !subject) {
      verdicts.push({ isAdmitted: true, ...states });
      continue;
    }
    const waitMs = answer[at + 3] ?? 0;
    verdicts.push({
      isAdmitted: false,
      ...states,
      reason: reasonOf(status),
      subject,
      limitIndex: (answer[at + 2] ?? 1) - 1,
      waitMs: waitMs < 0 ? null : waitMs,
    });
  }
  return verdicts;
}

/** The script by its hash, which spares sending it; a Redis that has forgotten it gets it whole. */
export class ScriptRunner {
  private readonly sha: string;

  constructor(
    private readonly redis: Redis,
    private readonly script = limitsScript,
  ) {
    this.sha = createHash('sha1').update(script).digest('hex');
  }

  async run({ keys, payload }: LimitsCall): Promise<number[]> {
    try {
      return (await this.redis.evalsha(this.sha, keys.length, ...keys, payload)) as number[];
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return (await this.redis.eval(this.script, keys.length, ...keys, payload)) as number[];
    }
  }
}
