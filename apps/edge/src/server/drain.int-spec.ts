import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { waitUntil } from '../../../../test/support/wait-until';
import { HttpServer } from './http-server';

const call = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';
let server: HttpServer;
let port: number;
/** Ends the answers to /slow. */
let finish: (() => void)[] = [];
let received = 0;
beforeEach(async () => {
  finish = [];
  received = 0;
  server = new HttpServer(
    (request, response) => {
      received += 1;
      if (request.url === '/slow') finish.push(() => response.end('done'));
      else response.end('done');
    },
    () => 'req_1',
  );
  port = await server.listen('127.0.0.1', 0);
});

class Client {
  answers = '';
  isClosed = false;
  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk) => (this.answers += chunk.toString()));
    socket.on('close', () => (this.isClosed = true));
    socket.on('error', () => undefined);
  }

  static async open(): Promise<Client> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Client(socket);
  }

  send(text: string): void {
    this.socket.write(text);
  }

  async answered(times: number): Promise<void> {
    await waitUntil(() => this.answers.split('HTTP/1.1 200').length > times, {
      deadlineMs: 3_000,
      what: 'an answer',
    });
  }

  async closed(): Promise<void> {
    await waitUntil(() => this.isClosed, { deadlineMs: 3_000, what: 'the end of the connection' });
  }
}

it('serves one more request on an idle connection, and says that it was the last', async () => {
  const client = await Client.open();
  client.send(call);
  await client.answered(1);
  const drained = server.drain(10_000, () => undefined, 5_000);
  client.send(call);
  await client.answered(2);
  await client.closed();
  await drained;
  expect(client.answers).toMatch(/connection: keep-alive[\s\S]*connection: close/i);
});

it('takes no new connection, and ends idle ones after a while', async () => {
  const client = await Client.open();
  client.send(call);
  await client.answered(1);
  const drained = server.drain(10_000, () => undefined, 150);
  const late = connect(port, '127.0.0.1');
  await expect(once(late, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(client.isClosed).toBe(false);
  await drained;
  await client.closed();
});

it('waits for answers, until somebody is in a hurry', async () => {
  const [first, second] = [await Client.open(), await Client.open()];
  first.send(call.replace('/', '/slow'));
  second.send(call.replace('/', '/slow'));
  await waitUntil(() => received === 2, { deadlineMs: 3_000, what: 'both requests' });
  let wasTold = false;
  const drained = server.drain(60_000, () => (wasTold = true), 30_000);
  finish[0]?.();
  await first.answered(1);
  expect(wasTold).toBe(false);
  server.hurry(50);
  await drained;
  expect(wasTold).toBe(true);
  await second.closed();
  expect(second.answers).toBe('');
  // Nothing is left of it.
  server.hurry(0);
});
