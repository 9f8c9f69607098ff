import { request } from 'node:http';
import fc from 'fast-check';
import { BrokerBench, type BrokerFailure } from '../../../../test/support/broker-bench';

let bench: BrokerBench;

beforeAll(async () => {
  bench = await BrokerBench.open();
});
afterAll(() => bench.close());

describe('at its door', () => {
  it.each(['', 'wrong', 'broker-token-of-testsx', 'internal-token-of-tests'])(
    'refuses the token "%s"',
    async (token) => {
      const { status, body } = await bench.ask({ credential_id: 'cred_1', key_hash: 'ab' }, token || null);
      expect([status, body.code]).toEqual([401, 'broker_token_invalid']);
    },
  );

  it('tells whether it is alive without a token, and nothing else', async () => {
    const alive = await bench.api.call('GET', `${bench.api.brokerUrl}/health/liveliness`);
    const other = await bench.api.call('GET', `${bench.api.brokerUrl}/v1/leases`, {
      token: bench.api.config.brokerToken,
    });
    expect([alive.status, other.status]).toEqual([200, 404]);
  });

  it('is not on the public port, nor on the internal one', async () => {
    for (const url of [bench.api.url, bench.api.internalUrl]) {
      for (const token of [bench.api.config.brokerToken, bench.api.config.internalToken]) {
        const body = { credential_id: 'cred_1', key_hash: 'ab' };
        expect((await bench.api.call('POST', `${url}/v1/leases`, { token, body })).status).toBe(404);
      }
    }
  });

  it('takes no body over 4 KB, and reads no more of it', async () => {
    const { status, headers } = await bench.ask(`{"credential_id":"${'x'.repeat(5_000)}"}`);
    expect([status, headers.get('connection')]).toEqual([400, 'close']);
  });

  it('takes JSON only', async () => {
    const response = await bench.api.call<BrokerFailure>('POST', `${bench.api.brokerUrl}/v1/leases`, {
      token: bench.api.config.brokerToken,
      body: '{"credential_id":"cred_1","key_hash":"ab"}',
      headers: { 'content-type': 'text/plain' },
    });
    expect([response.status, response.body.code]).toEqual([400, 'request_invalid']);
  });

  it('survives whatever is sent', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 200 });
    const body = fc.oneof(
      text,
      fc.json(),
      fc.record({ credential_id: text, key_hash: text }).map((value) => JSON.stringify(value)),
      text.map((end) => JSON.stringify({ credential_id: `cred_${end}`, key_hash: bench.keyHash })),
      text.map((end) =>
        JSON.stringify({ credential_id: `cred_${'0'.repeat(26)}`, key_hash: end.padEnd(64, 'a') }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(body, async (sent) => {
        const { status, body: answer } = await bench.ask(sent);
        expect([400, 404]).toContain(status);
        expect(['request_invalid', 'credential_not_found']).toContain(answer.code);
      }),
      { numRuns: 300 },
    );
  });

  it('gives up on a client that does not finish its request', async () => {
    const cut = request(`${bench.api.brokerUrl}/v1/leases`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${bench.api.config.brokerToken}`,
        'content-type': 'application/json',
        'content-length': '100',
      },
    });
    const ended = new Promise((resolve) => cut.once('close', resolve).once('error', resolve));
    cut.write('{"cred');
    cut.destroy();
    await ended;
    expect((await bench.api.call('GET', `${bench.api.brokerUrl}/health/liveliness`)).status).toBe(200);
    expect(bench.logLines.join('\n')).not.toContain('the broker failed');
  });
});
