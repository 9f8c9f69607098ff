import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { generateWebhookSecret, signWebhook } from './webhook-signature';

/** The example of the Standard Webhooks specification: secret, message and signature. */
it('signs as the specification says', () => {
  const body = '{"test": 2432232314}';
  const signed = signWebhook('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: 1_614_265_330,
    body,
  });
  expect(signed['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

it('binds id, time and body', () => {
  const secret = generateWebhookSecret();
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  fc.assert(
    fc.property(fc.string(), fc.nat(), fc.string(), (id, timestamp, body) => {
      const headers = signWebhook(secret, { id, timestamp, body });
      const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
      expect(headers).toEqual({
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': `v1,${expected}`,
      });
    }),
  );
});
