import { newId } from '@signalbox/common';
import { SecretStores } from '@signalbox/domain/secrets';
import { openApiApp, type ApiApp } from '../../../../test/support/api-app';
import { canary, InfisicalWorld } from '../../../../test/support/infisical-world';
import { signedWebhook } from '../../../../test/stand-ins/infisical-webhook';
import { waitUntil } from '../../../../test/support/wait-until';

const path = '/api/v1/integrations/infisical/webhook';
const secret = 'infisical-webhook-secret-0123456789abcdef';

describe('the notice of Infisical', () => {
  let world: InfisicalWorld;
  /** Two processes of one installation. */
  let app: ApiApp;
  let other: ApiApp;

  beforeAll(async () => {
    world = await InfisicalWorld.start();
    const config = {
      infisicalWebhookSecret: secret,
      redisPrefix: `test-${newId('request')}`,
      secretStore: { active: 'infisical', infisical: world.server.config, maxStaleMs: 60_000 },
    } as const;
    app = await openApiApp({ config });
    other = await openApiApp({ config });
  });

  afterAll(async () => {
    await app?.close();
    await other?.close();
    await world?.close();
  });

  const send = (more: Partial<Parameters<typeof signedWebhook>[1]> = {}) => {
    const { body, headers } = signedWebhook(secret, { projectId: 'p', environment: 'prod', ...more });
    return app.call<{ code?: string }>('POST', path, { body, headers });
  };

  it('makes every process read anew what it knew', async () => {
    const address = world.given();
    const stores = [app, other].map((one) => one.get<SecretStores>(SecretStores).infisical!);
    for (const store of stores) expect((await store.read(address)).value).toBe(canary);
    world.server.put(world.folder, 'OPENAI__1', 'sk-canary-new');
    expect((await send({ secretPath: world.folder })).status).toBe(202);
    expect((await stores[0]!.read(address)).value).toBe('sk-canary-new');
    await waitUntil(async () => (await stores[1]!.read(address)).value === 'sk-canary-new', {
      deadlineMs: 5_000,
      what: 'the other process to hear of it',
    });
  });

  it.each([
    ['unsigned', { signature: 'missing' }],
    ['signed with another secret', { signature: 'wrong' }],
    ['signed six minutes ago', { timestampMs: Date.now() - 360_000 }],
  ] as const)('is refused when it is %s', async (_how, more) => {
    const answer = await send(more);
    expect(answer.status).toBe(401);
    expect(answer.body.code).toBe('webhook_signature_invalid');
  });

  it('is held against the bytes that came, not against what they mean', async () => {
    const { body, headers } = signedWebhook(secret, { projectId: 'p', environment: 'prod' });
    const answer = await app.call('POST', path, { body: ` ${body}`, headers });
    expect(answer.status).toBe(401);
  });

  it('is accepted from a test of the webhook too, which names no folder', async () => {
    expect((await send({ secretPath: '/' })).status).toBe(202);
  });

  it('has no route where no secret is set', async () => {
    const plain = await openApiApp();
    try {
      const { body, headers } = signedWebhook(secret, { projectId: 'p', environment: 'prod' });
      const answer = await plain.call<{ code: string }>('POST', path, { body, headers });
      expect([answer.status, answer.body.code]).toEqual([404, 'route_not_found']);
    } finally {
      await plain.close();
    }
  });
});
