import { connect, type Socket } from 'node:net';
import type { Row } from '../../support/e2e/figures';
import { waitUntil } from '../../support/wait-until';
import { cpuSecondsOf, memoryMbOf } from './bench-process';
import type { BenchEdge } from './edge-process';
import { requestBytes } from './wire';

const streamCount = 2_000;
const watchMs = 8_000;

/** What so many streams at the same time hold in the edge's memory, one event a second each. */
export async function streamRows(edge: BenchEdge): Promise<Row[]> {
  const before = memoryMbOf(edge.program.pid);
  const body = JSON.stringify({
    model: 'bench',
    stream: true,
    messages: [{ role: 'user', content: 'on and on' }],
  });
  const headers = { authorization: `Bearer ${edge.key}` };
  const request = requestBytes({
    host: '127.0.0.1',
    port: edge.port,
    path: '/v1/chat/completions',
    headers,
    body,
  });
  const streams: Stream[] = [];
  try {
    while (streams.length < streamCount) {
      const batch = Array.from({ length: 100 }, () => new Stream(edge.port, request));
      streams.push(...batch);
      await Promise.all(batch.map((one) => one.started));
    }
    const cpuBefore = cpuSecondsOf(edge.program.pid);
    const peak = await peakMemory(edge.program.pid);
    const cpuShare = (cpuSecondsOf(edge.program.pid) - cpuBefore) / (watchMs / 1_000);
    const cut = streams.filter(({ isOpen }) => !isOpen).length;
    return [
      {
        part: `${streamCount} streams at the same time`,
        system: 'edge, 1 process',
        memory_before_mb: Math.round(before),
        memory_peak_mb: Math.round(peak),
        mb_per_1000_streams: Math.round((peak - before) / (streamCount / 1_000)),
        cpu_share: Number(cpuShare.toFixed(2)),
        failed: cut,
      },
    ];
  } finally {
    for (const stream of streams) stream.close();
  }
}

async function peakMemory(pid: number): Promise<number> {
  let peak = 0;
  const endMs = performance.now() + watchMs;
  await waitUntil(
    () => {
      peak = Math.max(peak, memoryMbOf(pid));
      return performance.now() >= endMs;
    },
    { deadlineMs: watchMs * 2, what: 'the watch on memory', pollEveryMs: 500 },
  );
  return peak;
}

class Stream {
  readonly started: Promise<void>;
  private readonly socket: Socket;
  isOpen = false;

  constructor(port: number, request: Buffer) {
    this.socket = connect({ host: '127.0.0.1', port }, () => this.socket.write(request));
    this.started = new Promise((resolve, reject) => {
      this.socket.on('data', (bytes) => {
        if (bytes.includes('data: {"id"')) {
          this.isOpen = true;
          resolve();
        }
      });
      this.socket.on('error', reject);
      this.socket.on('close', () => {
        this.isOpen = false;
        reject(new Error('a stream was refused'));
      });
    });
  }

  close(): void {
    this.socket.destroy();
  }
}
