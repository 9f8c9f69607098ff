import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { checkPorts, findFreePorts, isFree, listeningInodes } from './ports.mjs';

test('a taken port is refused with its variable and, where it can be seen, its holder', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  try {
    await assert.rejects(checkPorts({ ports: { edge: port }, host: '127.0.0.1' }, ['edge']), (error) => {
      assert.match(
        error.message,
        new RegExp(`Port ${port} \\(SIGNALBOX_EDGE_PORT\\) is already in use by process ${process.pid}`),
      );
      assert.match(error.message, /SIGNALBOX_PORT_OFFSET/);
      return true;
    });
  } finally {
    server.close();
  }
});

test('free ports are free and all different', async () => {
  const ports = await findFreePorts(11);
  assert.equal(new Set(ports).size, 11);
  for (const port of ports) assert.equal(await isFree(port, '127.0.0.1'), true);
});

test('an address that is not of this machine is named', async () => {
  await assert.rejects(isFree(4000, '192.0.2.1'), /SIGNALBOX_HOST is "192\.0\.2\.1"/);
});

test('only listening sockets of exactly that port are taken from the table', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:0FA0 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1',
    '   1: 0100007F:0FA0 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 222 1',
    '   2: 0100007F:1FA0 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 333 1',
  ].join('\n');
  assert.deepEqual(listeningInodes(table, 4000), ['111']);
});
