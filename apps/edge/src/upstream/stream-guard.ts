import type { Dialect } from '@signalbox/gateway';

const newline = 10;
/** A longer line is passed on in parts: holding it back would cost memory for no gain. */
const heldBytesLimit = 256 * 1024;

const doneLine = /^data: ?\[DONE\]/;
const openaiErrorLine = /^data: ?\{"error"/;
const lastResponsesEvent = /"type": ?"(response\.(completed|failed|incomplete)|error)"/;

/** How the last event of a complete stream looks, by route. Other routes' streams have no known last event. */
function endsStream(routeName: string, dialect: Dialect): ((line: string) => boolean) | null {
  // LiteLLM reports an error inside an Anthropic stream as a nameless event, which Anthropic's SDK skips: not an end.
  if (dialect === 'anthropic') return (line) => /^event: ?(message_stop|error)\s*$/.test(line);
  const isOpenaiEnd = (line: string): boolean => doneLine.test(line) || openaiErrorLine.test(line);
  if (routeName === 'responses') return (line) => isOpenaiEnd(line) || lastResponsesEvent.test(line);
  return routeName === 'chat_completions' || routeName === 'completions' ? isOpenaiEnd : null;
}

/**
 * Watches a stream of events on its way through, unchanged. Says at the end whether it was complete, since no SDK notices a
 * stream that merely stops. It passes on whole lines only, so that an error event can follow at any moment.
 */
export class StreamGuard {
  private readonly isEnd: ((line: string) => boolean) | null;
  private held: Buffer | null = null;
  private hasEnded = false;

  constructor(routeName: string, dialect: Dialect) {
    this.isEnd = endsStream(routeName, dialect);
  }

  /** @returns what may go to the client now, or null */
  push(chunk: Buffer): Buffer | null {
    const data = this.held ? Buffer.concat([this.held, chunk]) : chunk;
    const end = data.lastIndexOf(newline) + 1;
    if (end < data.length && data.length - end <= heldBytesLimit) {
      this.held = data.subarray(end);
      this.scan(data, end);
      return end === 0 ? null : data.subarray(0, end);
    }
    this.held = null;
    this.scan(data, data.length);
    return data;
  }

  /** The connection ended well: what was held back is the last line, without its line break. */
  flush(): Buffer | null {
    const rest = this.held;
    this.held = null;
    if (rest) this.scan(rest, rest.length);
    return rest;
  }

  /** The client has seen a proper end, or an error in its dialect. */
  hasSeenEnd(): boolean {
    return this.hasEnded;
  }

  /** For an answer whose connection ended well: without a known last event it was cut all the same. */
  isComplete(): boolean {
    return this.isEnd === null || this.hasEnded;
  }

  private scan(data: Buffer, end: number): void {
    let start = 0;
    while (this.isEnd && !this.hasEnded && start < end) {
      const found = data.indexOf(newline, start);
      const lineEnd = found === -1 || found >= end ? end : found;
      // Only lines that begin like `data` or `event` can end a stream; most of a line's text need not be decoded.
      if (data[start] === 0x64 || data[start] === 0x65) {
        this.hasEnded = this.isEnd(data.toString('latin1', start, lineEnd));
      }
      start = lineEnd + 1;
    }
  }
}
