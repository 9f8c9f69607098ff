import { writeSync } from 'node:fs';

const flushAfterMs = 10;
const flushAtCharacters = 64 * 1_024;

/**
 * Gathers lines and writes them together: a write per line costs a busy gateway more than making the line. Lines are at most 10 ms late;
 * only SIGKILL loses what has not been written.
 */
export class LineBuffer {
  private lines = '';
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly write: (text: string) => void) {}

  push(line: string): void {
    this.lines += line;
    if (this.lines.length >= flushAtCharacters) return this.flush();
    this.timer ??= setTimeout(() => this.flush(), flushAfterMs).unref();
  }

  flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    if (this.lines === '') return;
    const { lines } = this;
    this.lines = '';
    this.write(lines);
  }

  /** For the end of the process. */
  take(): string {
    const { lines } = this;
    this.lines = '';
    return lines;
  }
}

const stdout = new LineBuffer((text) => void process.stdout.write(text));
let isFlushedAtExit = false;

/** Also after an uncaught exception: node emits 'exit' then too. A pipe may not take anything any more. */
function flushAtExit(): void {
  if (isFlushedAtExit) return;
  isFlushedAtExit = true;
  process.on('exit', () => {
    const rest = stdout.take();
    try {
      if (rest !== '') writeSync(1, rest);
    } catch {
      // Nobody reads the log.
    }
  });
}

/** @param isUrgent it must be there even if the process is killed in the next moment */
export function writeToStdout(line: string, isUrgent: boolean): void {
  flushAtExit();
  stdout.push(line);
  if (isUrgent) stdout.flush();
}
