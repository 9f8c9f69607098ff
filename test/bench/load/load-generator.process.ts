import { connect, type Socket } from 'node:net';
import { type BenchTarget, parseAnswer, requestBytes } from './wire';

export interface LoadJob {
  target: BenchTarget;
  connections: number;
  warmUpMs: number;
  durationMs: number;
  /** null: closed loop, each connection sends its next request when it has its answer. Else requests a second, whatever comes back. */
  ratePerSecond: number | null;
}

export interface LoadFigures {
  seconds: number;
  answered: number;
  failed: number;
  perSecond: number;
  p50Ms: number;
  p90Ms: number;
  p99Ms: number;
  maxMs: number;
  firstProblem: string | null;
}

/** So late that the wait belongs to the request, and not to this process's timer. */
const lateMs = 2;
const drainMs = 5_000;

class Generator {
  private readonly request: Buffer;
  private readonly idle: Client[] = [];
  private readonly waiting: number[] = [];
  private readonly latenciesMs: number[] = [];
  private failed = 0;
  private firstProblem: string | null = null;
  private countFromMs = 0;
  private untilMs = 0;
  private running = 0;

  constructor(private readonly job: LoadJob) {
    this.request = requestBytes(job.target);
  }

  async run(): Promise<LoadFigures> {
    const { connections, warmUpMs, durationMs, ratePerSecond } = this.job;
    const clients = await Promise.all(
      Array.from({ length: connections }, () => Client.open(this.job.target)),
    );
    const startedAtMs = performance.now();
    this.countFromMs = startedAtMs + warmUpMs;
    this.untilMs = this.countFromMs + durationMs;
    this.idle.push(...clients);
    if (ratePerSecond === null) for (const client of this.idle.splice(0)) this.loop(client);
    else await this.keepRate(ratePerSecond, startedAtMs);
    await this.untilAnswered();
    for (const client of clients) client.close();
    return this.figures(durationMs);
  }

  private loop(client: Client): void {
    const now = performance.now();
    if (now < this.untilMs) this.send(client, now, () => this.loop(client));
  }

  private async keepRate(ratePerSecond: number, startedAtMs: number): Promise<void> {
    let sent = 0;
    for (let now = performance.now(); now < this.untilMs; now = performance.now()) {
      // The first one is due at the very beginning.
      const due = Math.floor(((now - startedAtMs) / 1_000) * ratePerSecond) + 1;
      for (; sent < due; sent += 1) {
        const dueAtMs = startedAtMs + (sent / ratePerSecond) * 1_000;
        this.waiting.push(now - dueAtMs < lateMs ? now : dueAtMs);
      }
      this.sendWaiting();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  private sendWaiting(): void {
    while (this.waiting.length > 0 && this.idle.length > 0) {
      const client = this.idle.pop()!;
      this.send(client, this.waiting.shift()!, () => {
        this.idle.push(client);
        this.sendWaiting();
      });
    }
  }

  private send(client: Client, fromMs: number, next: () => void): void {
    this.running += 1;
    client.ask(this.request, (problem) => {
      this.running -= 1;
      const now = performance.now();
      if (problem !== null) this.note(problem);
      else if (fromMs >= this.countFromMs && now <= this.untilMs + drainMs)
        this.latenciesMs.push(now - fromMs);
      next();
    });
  }

  private note(problem: string): void {
    this.failed += 1;
    this.firstProblem ??= problem;
  }

  private async untilAnswered(): Promise<void> {
    const rest = (): number => Math.max(this.untilMs - performance.now(), 0);
    await new Promise((resolve) => setTimeout(resolve, rest()));
    const limitMs = performance.now() + drainMs;
    while (this.running > 0 && performance.now() < limitMs)
      await new Promise((resolve) => setTimeout(resolve, 5));
    if (this.running > 0) this.note(`${this.running} requests without an answer`);
  }

  private figures(durationMs: number): LoadFigures {
    const sorted = Float64Array.from(this.latenciesMs).sort();
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
    const seconds = durationMs / 1_000;
    const { length: answered } = sorted;
    const shares = { p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs: at(1) };
    const { failed, firstProblem } = this;
    return { seconds, answered, failed, perSecond: answered / seconds, ...shares, firstProblem };
  }
}

/** One connection, one request at a time. A broken one is opened again. */
class Client {
  private socket!: Socket;
  private held: Buffer = Buffer.alloc(0);
  private answered: ((problem: string | null) => void) | null = null;
  private isClosed = false;

  private constructor(private readonly target: BenchTarget) {}

  static async open(target: BenchTarget): Promise<Client> {
    const client = new Client(target);
    await client.connect();
    return client;
  }

  ask(request: Buffer, answered: (problem: string | null) => void): void {
    this.answered = answered;
    this.socket.write(request);
  }

  close(): void {
    this.isClosed = true;
    this.socket.destroy();
  }

  private connect(): Promise<void> {
    const { host, port } = this.target;
    const socket = connect({ host, port, noDelay: true });
    this.socket = socket;
    this.held = Buffer.alloc(0);
    socket.on('data', (bytes) => this.take(bytes));
    socket.on('error', () => undefined);
    socket.on('close', () => void this.onClose());
    return new Promise((resolve) => socket.once('connect', () => resolve()).once('close', () => resolve()));
  }

  private take(bytes: Buffer): void {
    this.held = this.held.length === 0 ? bytes : Buffer.concat([this.held, bytes]);
    const parsed = parseAnswer(this.held);
    if (!parsed) return;
    const problem = parsed.status === 200 ? null : this.held.toString('latin1', 0, 600);
    this.held = this.held.subarray(parsed.end);
    this.settle(problem);
  }

  private async onClose(): Promise<void> {
    if (this.isClosed) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await this.connect();
    this.settle('the connection was closed');
  }

  private settle(problem: string | null): void {
    const { answered } = this;
    this.answered = null;
    answered?.(problem);
  }
}

process.on('message', (job: LoadJob) => {
  void new Generator(job).run().then((figures) => process.send?.(figures));
});
process.on('disconnect', () => process.exit(0));
