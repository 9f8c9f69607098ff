const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const redrawEveryMs = 120;
const signOfLifeEveryMs = 10_000;

export function formatSeconds(ms) {
  const seconds = ms / 1000;
  return seconds < 100
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/**
 * Shows steps, of which several may run at once: one line with its time when a step has ended; in between a moving
 * line on a terminal, and a sign of life every ten seconds elsewhere (a log, CI).
 */
export class Progress {
  #running = new Set();
  #timer;
  #frame = 0;
  #hasLiveLine = false;
  #shownErrors = new WeakSet();

  constructor({ stream = process.stdout, quiet = false } = {}) {
    this.stream = stream;
    this.quiet = quiet;
    this.isTerminal = !quiet && stream.isTTY;
  }

  /** Runs `work(report)`. `report.doing(text)` shows what it is at, `report.result(text)` what came out of it. */
  async step(title, work) {
    const step = { title, startedAtMs: performance.now(), doing: '', result: '' };
    const report = {
      doing: (text) => (step.doing = text),
      result: (text) => (step.result = text),
    };
    this.#running.add(step);
    this.#startTimer();
    try {
      const value = await work(report);
      this.#end(step, 'ok');
      return value;
    } catch (error) {
      this.#end(step, this.#isConsequence(error) ? 'stopped' : 'failed');
      throw error;
    }
  }

  /** A step that waited for another one fails with the same error, and the rest is told to stop: only the cause is marked as failed. */
  #isConsequence(error) {
    const isConsequence = error?.name === 'AbortError' || this.#shownErrors.has(error);
    this.#shownErrors.add(error);
    return isConsequence;
  }

  /** A line of its own, which the moving line does not overwrite. */
  line(text = '') {
    if (this.quiet) return;
    this.#clearLiveLine();
    this.stream.write(`${text}\n`);
    this.#drawLiveLine();
  }

  #end(step, outcome) {
    this.#running.delete(step);
    const mark = { ok: '✓', stopped: '-', failed: '✗' }[outcome];
    const time = formatSeconds(performance.now() - step.startedAtMs);
    this.line(
      `  ${mark} ${step.title.padEnd(24)} ${time.padStart(9)}  ${outcome === 'ok' ? step.result : outcome}`.trimEnd(),
    );
    if (this.#running.size === 0) this.#stopTimer();
  }

  #startTimer() {
    if (this.#timer || this.quiet) return;
    const tick = this.isTerminal ? () => this.#drawLiveLine() : () => this.#printSignOfLife();
    this.#timer = setInterval(tick, this.isTerminal ? redrawEveryMs : signOfLifeEveryMs);
    this.#timer.unref();
  }

  #stopTimer() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#clearLiveLine();
  }

  #describeRunning() {
    const now = performance.now();
    return [...this.#running]
      .map(
        (step) =>
          `${step.title} ${Math.round((now - step.startedAtMs) / 1000)} s${step.doing ? ` (${step.doing})` : ''}`,
      )
      .join(', ');
  }

  #printSignOfLife() {
    if (this.#running.size > 0) this.stream.write(`  … still at: ${this.#describeRunning()}\n`);
  }

  #drawLiveLine() {
    if (!this.isTerminal || this.#running.size === 0) return;
    this.#frame = (this.#frame + 1) % frames.length;
    const text = `  ${frames[this.#frame]} ${this.#describeRunning()}`;
    this.stream.write(`\r\x1b[2K${text.slice(0, (this.stream.columns || 100) - 1)}`);
    this.#hasLiveLine = true;
  }

  #clearLiveLine() {
    if (!this.#hasLiveLine) return;
    this.stream.write('\r\x1b[2K');
    this.#hasLiveLine = false;
  }
}
