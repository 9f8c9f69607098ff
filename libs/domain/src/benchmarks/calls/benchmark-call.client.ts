import type { BenchmarkTask } from '../suites/task.types';
import type { CallOutcome, FailedCall } from './call-outcome.types';
import { StreamedAnswer } from './streamed-answer';

export interface BenchmarkCall {
  readonly model: string;
  readonly task: BenchmarkTask;
  /** The run's own virtual key: only ever in this header. */
  readonly key: string;
  readonly signal: AbortSignal;
}

const usualTimeoutMs = 120_000;
/** Far more than any bound of tokens allows. */
const mostCharacters = 1_000_000;
const usualPauseMs = 5_000;
const longestPauseMs = 60_000;
const noteworthyBytes = 4_096;
/** Our LiteLLM was away or restarted in the midst of it. One that waits too long may be waiting for the model. */
const ownTroubles: ReadonlySet<string> = new Set(['litellm_no_answer', 'litellm_refused_context']);
/** gateway-error-codes.ts: the key is good, and nobody may use it. */
const blocked = /^(key|workspace|organization)_(blocked|deleted)$/;

/** Calls models through port 4000 as any app would: routed, limited and counted like everybody's requests. */
export class BenchmarkCallClient {
  constructor(
    private readonly edgeUrl: string,
    private readonly timeoutMs = usualTimeoutMs,
  ) {}

  async call(call: BenchmarkCall): Promise<CallOutcome> {
    const startedMs = performance.now();
    const timeout = AbortSignal.timeout(this.timeoutMs);
    let requestId: string | null = null;
    const failed = (failure: string, mayHaveCost: boolean): FailedCall => {
      return { kind: 'failed', failure, mayHaveCost, requestId, durationMs: since(startedMs) };
    };
    try {
      const response = await fetch(`${this.edgeUrl}/v1/chat/completions`, {
        method: 'POST',
        redirect: 'error',
        headers: { authorization: `Bearer ${call.key}`, 'content-type': 'application/json' },
        body: JSON.stringify(bodyOf(call)),
        signal: AbortSignal.any([call.signal, timeout]),
      });
      requestId = response.headers.get('x-request-id');
      if (response.status !== 200) return await refusalOf(response, requestId, failed);
      const other = response.headers.get('x-signalbox-model');
      if (other !== null && decoded(other) !== call.model) {
        await response.body?.cancel();
        return failed('another_model', true);
      }
      return await this.read(response, requestId, startedMs, failed);
    } catch (error) {
      if (call.signal.aborted) return failed('broken_off', true);
      if (timeout.aborted) return failed('timeout', true);
      const wasNeverSent = isRefusedConnection(error);
      return failed(wasNeverSent ? 'unreachable' : 'connection_lost', !wasNeverSent);
    }
  }

  private async read(
    response: Response,
    requestId: string | null,
    startedMs: number,
    failed: (failure: string, mayHaveCost: boolean) => FailedCall,
  ): Promise<CallOutcome> {
    const streamed = new StreamedAnswer();
    let firstByteMs: number | null = null;
    let characters = 0;
    for await (const event of eventsOf(response)) {
      characters += event.length;
      if (characters > mostCharacters) return failed('endless', true);
      streamed.add(event);
      if (streamed.hasBegun) firstByteMs ??= since(startedMs);
    }
    if (streamed.hasError) return failed('stream_error', true);
    if (!streamed.isComplete) return failed('cut', true);
    const durationMs = since(startedMs);
    const { answer, isAtBound, tokens } = streamed;
    return {
      kind: 'answered',
      answer,
      isAtBound,
      tokens,
      requestId,
      durationMs,
      firstByteMs: firstByteMs ?? durationMs,
    };
  }
}

/** No temperature: some models take none but their own, and apps usually send none. */
function bodyOf({ model, task }: BenchmarkCall): object {
  const tools = task.tools?.map((tool) => ({ type: 'function', function: tool }));
  return {
    model,
    messages: [{ role: 'user', content: task.prompt }],
    max_tokens: task.maxTokens,
    stream: true,
    stream_options: { include_usage: true },
    ...(tools && { tools }),
  };
}

async function refusalOf(
  response: Response,
  requestId: string | null,
  failed: (failure: string, mayHaveCost: boolean) => FailedCall,
): Promise<CallOutcome> {
  const { status, headers } = response;
  const code = codeOf(await beginningOf(response));
  const failure = code === null ? `http_${status}` : `http_${status}_${code}`;
  const wasCalled = Number(headers.get('x-signalbox-attempts') ?? 0) > 0;
  const isBlocked = status === 403 && code !== null && blocked.test(code);
  if ((status === 401 || isBlocked) && !wasCalled)
    return { kind: 'key_refused', failure, requestId, isFinal: isBlocked };
  const retryAfterMs = retryAfterMsOf(headers.get('retry-after'));
  const postponed = { kind: 'postponed', failure, requestId, retryAfterMs } as const;
  if (status === 429 || status === 503) return { ...postponed, mayHaveCost: false };
  // The provider may have been asked by then.
  if (code !== null && ownTroubles.has(code)) return { ...postponed, mayHaveCost: true };
  // Whoever refuses a request charges nothing; one that broke within may have been charged for.
  const isRefusal = status < 500 && status !== 408 && status !== 499;
  return failed(failure, !isRefusal);
}

async function beginningOf(response: Response): Promise<string> {
  let text = '';
  for await (const part of response.body ?? []) {
    text += Buffer.from(part).toString('utf8');
    if (text.length > noteworthyBytes) break;
  }
  return text;
}

/** Never the message: what a provider says of a failure may repeat what it was sent. */
function codeOf(body: string): string | null {
  const code = /"code"\s*:\s*"([a-z0-9_]{1,64})"/i.exec(body)?.[1];
  return code?.toLowerCase() ?? null;
}

function retryAfterMsOf(header: string | null): number {
  const seconds = Number(header ?? Number.NaN);
  if (!Number.isFinite(seconds) || seconds < 0) return usualPauseMs;
  return Math.min(seconds * 1_000, longestPauseMs);
}

/** The data of each server-sent event. */
async function* eventsOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const part of response.body ?? []) {
    rest += decoder.decode(part, { stream: true });
    if (rest.length > mostCharacters) throw new Error('an event has no end');
    const lines = rest.split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('data:')) yield line.slice('data:'.length).trim();
  }
}

function since(startedMs: number): number {
  return Math.round(performance.now() - startedMs);
}

function decoded(header: string): string {
  try {
    return decodeURIComponent(header);
  } catch {
    return header;
  }
}

function isRefusedConnection(error: unknown): boolean {
  const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
  return cause?.code === 'ECONNREFUSED' || cause?.code === 'ENOTFOUND';
}
