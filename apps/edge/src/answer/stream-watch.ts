import { isRecord } from '@signalbox/common';
import { type ErrorFields, readErrorFields, type TokenUsage } from '@signalbox/gateway';
import { EventSplitter, nextEventEnd } from './event-splitter';
import type { Passage } from './passage';
import { redactError } from './redact-error';
import {
  hasKnownEnd,
  isEndEvent,
  isErrorEvent,
  isPreamble,
  modelOf,
  needsLook,
  readEvent,
  saysOnlyUsage,
  type StreamEvent,
  type StreamShape,
  typeOf,
  usageOfEvent,
} from './stream-shape';
import { readUsage } from './token-usage';

/** The last event of /v1/responses holds the whole answer. */
const maxEventBytes = 32 * 1024 * 1024;
const carriageReturn = 13;

export interface StreamWatchOptions {
  readonly shape: StreamShape;
  readonly routeName: string;
  readonly hidesUsage: boolean;
  readonly saysCost: boolean;
}

/** `replace`: other bytes go out in its place. */
type Verdict = 'pass' | 'drop' | 'stop' | Buffer;

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

/**
 * Watches a stream of events on its way to the client: whether it has begun, whether it has come to its end, whether it broke
 * off with an error, and what it used. Content passes undecoded; only events that hold a telling word are looked at.
 */
export class StreamWatch implements Passage {
  readonly takesErrors = true;
  /** A first event with data has come; `hasContent`: one that says more than that an answer begins. */
  hasStarted = false;
  hasContent = false;
  /** The good end of its dialect, or response.failed, has been passed on. */
  hasEnded = false;
  /** The upstream's own word that it has failed. */
  hasFailed = false;
  error: ErrorFields | null = null;
  /** What came is no stream of this kind. */
  problem: string | null = null;
  model: string | null = null;
  private readonly splitter = new EventSplitter(maxEventBytes);
  private usageData: string | null = null;
  private usageFields: Record<string, unknown> = {};

  constructor(private readonly options: StreamWatchOptions) {}

  /** @returns what may go to the client: nothing after an end, an error or a problem */
  push(chunk: Buffer): readonly Buffer[] {
    if (this.isOver) return [];
    const piece = this.splitter.push(chunk);
    return piece ? this.pass(piece) : [];
  }

  /** The connection has ended well: what was held back is the last event, if nobody has ended it. */
  flush(): readonly Buffer[] {
    const rest = this.isOver ? null : this.splitter.flush();
    return rest ? this.pass(rest) : [];
  }

  stop(problem: string): void {
    this.problem ??= problem;
  }

  /** For a stream whose connection has ended well: without the last event of its dialect it was cut all the same. */
  get isComplete(): boolean {
    if (this.error !== null || this.problem !== null || this.hasFailed) return false;
    return this.hasEnded || (this.hasStarted && !hasKnownEnd(this.options.shape));
  }

  get isOver(): boolean {
    return this.hasEnded || this.error !== null || this.problem !== null;
  }

  get usage(): TokenUsage | null {
    const { routeName, saysCost } = this.options;
    const last = this.usageData === null ? undefined : usageOfEvent(parse(this.usageData));
    return readUsage(routeName, isRecord(last) ? last : this.usageFields, saysCost);
  }

  private pass(piece: Buffer): readonly Buffer[] {
    if (this.hasContent && !needsLook(this.options.shape, piece)) return [piece];
    return this.walk(piece);
  }

  private walk(piece: Buffer): Buffer[] {
    const passed: Buffer[] = [];
    const hasCr = piece.includes(carriageReturn);
    let runStart = 0;
    let start = 0;
    while (start < piece.length && !this.isOver) {
      const end = nextEventEnd(piece, start, hasCr);
      const verdict = this.judge(piece.subarray(start, end));
      if (verdict !== 'pass') {
        if (runStart < start) passed.push(piece.subarray(runStart, start));
        if (typeof verdict === 'object') passed.push(verdict);
        runStart = end;
      }
      start = end;
    }
    if (runStart < start) passed.push(piece.subarray(runStart, start));
    return passed;
  }

  private judge(bytes: Buffer): Verdict {
    const { shape } = this.options;
    if (this.hasContent && !needsLook(shape, bytes)) return 'pass';
    const event = readEvent(bytes.toString('utf8'));
    if (event.data === null) return event.name === 'error' ? this.fail(null) : 'pass';
    // OpenAI's clients take any event of a chat for a chunk, a ping too.
    if (shape === 'chat' && event.name === 'ping') return 'drop';
    if (event.data === '[DONE]' && shape !== 'chat') return 'drop';
    return this.hasContent ? this.judgeLater(event) : this.judgeFirst(event);
  }

  /** At its end: nobody has said anything, and no provider wants to be paid for a word. */
  private get isEmpty(): boolean {
    const isKnown = this.options.shape === 'chat' || this.options.shape === 'messages';
    return isKnown && (this.usage?.completion_tokens ?? 0) === 0;
  }

  /** Until the answer has begun to say something every event is read. */
  private judgeFirst(event: StreamEvent): Verdict {
    const { shape } = this.options;
    const value = event.data === '[DONE]' ? null : parse(event.data ?? '');
    if (isErrorEvent(event, value)) return this.fail(value);
    if (value === undefined) return this.reject('an event of the stream is not JSON');
    const type = typeOf(event, value);
    if (type === 'response.failed') return this.fail(isRecord(value) ? value['response'] : null);
    if (shape === 'messages' && type === 'ping') return 'pass';
    const isEnd = isEndEvent(shape, event, value);
    if (isEnd && this.isEmpty) return this.reject('the stream ended without an answer');
    this.hasStarted = true;
    this.model ??= modelOf(value);
    this.hasContent = isEnd || !isPreamble(shape, event, value);
    return this.judgeKnown(event, value, isEnd);
  }

  private judgeLater(event: StreamEvent): Verdict {
    const { shape } = this.options;
    // A chat's usage may stand in every chunk: only the last one counts, and is read at the end.
    const isChatData = shape === 'chat' && event.data !== '[DONE]';
    const mayBeError = event.name === 'error' || (event.data?.includes('"error"') ?? false);
    if (isChatData && !mayBeError) return this.judgeUsage(event);
    const value = event.data === '[DONE]' ? null : parse(event.data ?? '');
    if (isErrorEvent(event, value)) return this.fail(value);
    return this.judgeKnown(event, value, isEndEvent(shape, event, value));
  }

  private judgeKnown(event: StreamEvent, value: unknown, isEnd: boolean): Verdict {
    this.hasEnded = isEnd;
    if (typeOf(event, value) === 'response.failed') return this.failedResponse(value);
    if (this.options.shape === 'chat') return isEnd ? 'pass' : this.judgeUsage(event);
    const usage = usageOfEvent(value);
    // Anthropic tells its input at the start and its output at the end: what comes later replaces what came before.
    if (isRecord(usage)) {
      const said = Object.entries(usage).filter(([, one]) => one !== null);
      this.usageFields = { ...this.usageFields, ...Object.fromEntries(said) };
    }
    return 'pass';
  }

  private judgeUsage({ data }: StreamEvent): Verdict {
    if (data === null || !/"usage"\s*:\s*\{/.test(data)) return 'pass';
    this.usageData = data;
    return this.options.hidesUsage && saysOnlyUsage(parse(data)) ? 'drop' : 'pass';
  }

  /** An answer of its own kind, in its dialect; only its error must show no secret. */
  private failedResponse(value: unknown): Verdict {
    this.hasFailed = true;
    if (!isRecord(value) || !isRecord(value['response'])) return 'pass';
    const response = { ...value['response'], error: redactError(value['response']['error']) };
    return Buffer.from(`event: response.failed\ndata: ${JSON.stringify({ ...value, response })}\n\n`);
  }

  private fail(value: unknown): Verdict {
    this.error = readErrorFields(value);
    return 'stop';
  }

  private reject(problem: string): Verdict {
    this.problem = problem;
    return 'stop';
  }
}
