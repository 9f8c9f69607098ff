import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Pool } from 'undici';
import { probeLiveliness } from './litellm-health.probe';

/** Answers while this thread stands still; under /health/liveliness after so many milliseconds. */
const server = `
  const { parentPort, workerData } = require('node:worker_threads');
  const server = require('node:http').createServer((request, response) => {
    const isProbe = request.url === '/health/liveliness';
    if (isProbe) parentPort.postMessage('asked');
    setTimeout(() => response.end('alive'), isProbe ? workerData : 0);
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

let worker: Worker;
let pool: Pool;

async function open(answerAfterMs: number): Promise<void> {
  worker = new Worker(server, { eval: true, workerData: answerAfterMs });
  const [port] = (await once(worker, 'message')) as [number];
  pool = new Pool(`http://127.0.0.1:${port}`);
  // So that there is a connection.
  await (await pool.request({ method: 'GET', path: '/' })).body.dump();
}
afterEach(async () => {
  await pool.destroy();
  await worker.terminate();
});

function standStill(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

it('hears an answer that came in time while this process was held up', async () => {
  await open(100);
  const result = probeLiveliness(pool, 500);
  await once(worker, 'message');
  standStill(1_500);
  expect(await result).toBe('alive');
});

it('is silent when nothing came in time', async () => {
  await open(60_000);
  expect(await probeLiveliness(pool, 50)).toBe('silent');
});

it('is refused when nobody listens any more', async () => {
  await open(0);
  await worker.terminate();
  expect(await probeLiveliness(pool, 1_000)).toBe('refused');
});
