import { Agent, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { generateVirtualKeyValue } from '@signalbox/gateway';

/** Attacks run in a process of their own: what they cost must not slow down those whose answers are measured. */
export interface Attack {
  kind: 'slow_sockets' | 'large_bodies' | 'random_keys' | 'bombs';
  url: string;
  key: string;
  count: number;
}

/** How often each status was answered. */
export type AttackResult = Record<string, number>;

const path = '/v1/chat/completions';
const slowForMs = 8_000;
const largeBytes = 10_000_000;
const agent = new Agent({ keepAlive: true, maxSockets: 200 });

/** Runs so many at a time. */
async function crowd(
  count: number,
  atOnce: number,
  one: (index: number) => Promise<string>,
): Promise<AttackResult> {
  const statuses: AttackResult = {};
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const status = await one(next++);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return statuses;
}

/** @returns the status, of a 503 with the code; 'reset' when the connection ended before the answer */
function post(url: string, key: string, body: string | Buffer, by: Agent | false): Promise<string> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  return new Promise((resolve) => {
    const end = (): void => resolve('reset');
    const request = httpRequest(url + path, { method: 'POST', headers, agent: by }, (response) => {
      const chunks: Buffer[] = [];
      response.on('error', end).on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('end', () => {
        const code = /"code": ?"(\w+)"/.exec(Buffer.concat(chunks).toString('latin1'))?.[1];
        resolve(response.statusCode === 503 ? `503 ${code}` : String(response.statusCode));
      });
    });
    // A connection may end under a body whose request has long been answered.
    if (by === false) request.once('socket', (socket) => socket.on('error', end));
    request.on('error', end).end(body);
  });
}

async function slowSockets({ url, count }: Attack): Promise<AttackResult> {
  const sockets: Socket[] = [];
  for (let index = 0; index < count; index += 1) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () =>
      socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\nx-slow: `),
    );
    sockets.push(socket.on('error', () => undefined));
  }
  const untilMs = performance.now() + slowForMs;
  while (performance.now() < untilMs) {
    for (const socket of sockets) if (socket.writable) socket.write('x');
    await delay(500);
  }
  const cut = sockets.filter(({ destroyed }) => destroyed).length;
  for (const socket of sockets) socket.destroy();
  return { cut, open: count - cut };
}

/**
 * Each is sent again while the gateway is busy, as its Retry-After says; how often is told as `busy`, and as `cut` how often a
 * connection ended under the body of one that did not listen to that answer.
 */
async function largeBodies({ url, key, count }: Attack): Promise<AttackResult> {
  const messages = [{ role: 'user', content: 'x'.repeat(largeBytes) }];
  const body = Buffer.from(JSON.stringify({ model: 'demo', messages }));
  let [busy, cut] = [0, 0];
  const statuses = await crowd(count, count, async () => {
    for (;;) {
      const status = await post(url, key, body, false);
      if (status === '503 overloaded') busy += 1;
      else if (status === 'reset') cut += 1;
      else return status;
      await delay(500 + Math.random() * 1_000);
    }
  });
  return { ...statuses, busy, cut };
}

function randomKeys({ url, count }: Attack): Promise<AttackResult> {
  return crowd(count, 100, (index) => {
    const key = index % 2 === 0 ? generateVirtualKeyValue() : `sk-sb-${'x'.repeat(1 + (index % 50))}`;
    return post(url, key, '{"model":"demo","messages":[]}', agent);
  });
}

async function raw(url: string, text: string | Buffer): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text));
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1');
    if (answer.includes('\r\n\r\n')) socket.destroy();
  });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('close', resolve));
  return answer === '' ? 'reset' : answer.slice(9, 12);
}

function bombs({ url, key, count }: Attack): Promise<AttackResult> {
  const start = `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n`;
  const texts: (string | Buffer)[] = [
    `${start}x: ${'y'.repeat(40_000)}\r\n\r\n`,
    `${start}${Array.from({ length: 1_000 }, (_, n) => `x-${n}: y\r\n`).join('')}\r\n`,
    `${start}content-length: 4\r\ncontent-length: 5\r\n\r\n`,
    `${start}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
    Buffer.concat([Buffer.from(`${start}content-length: 4\r\n\r\n{"`), Buffer.from([0xff, 0x22])]),
    '\x16\x03\x01\x02\x00\x01\x00',
  ];
  return crowd(count, 50, (index) => raw(url, texts[index % texts.length] ?? ''));
}

const attacks = {
  slow_sockets: slowSockets,
  large_bodies: largeBodies,
  random_keys: randomKeys,
  bombs,
} as const;

process.on('message', (attack: Attack) => {
  void attacks[attack.kind](attack).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit(0));
