import { newId } from '@signalbox/common';
import { OrganizationEntity, WebhookDeliveryEntity } from '@signalbox/database';
import { type Caller, systemCaller } from '@signalbox/domain/access';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ApiApp, openApiApp } from '../../../../test/support/api-app';
import { OwnerNotifier, signWebhook, WebhookDeliveryService, WebhookService } from './index';

interface Received {
  headers: IncomingMessage['headers'];
  body: string;
}

/** A receiver of webhooks that answers with what it is told to. */
class Receiver {
  readonly received: Received[] = [];
  status = 200;
  location: string | null = null;
  private readonly server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      this.received.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
      response.writeHead(this.status, this.location === null ? {} : { location: this.location }).end();
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

describe('webhooks of owners', () => {
  let api: ApiApp;
  let receiver: Receiver;
  let url: string;
  const nowMs = { value: Date.parse('2026-11-21T08:00:00Z') };
  const platform = systemCaller('test');
  const orgA = newId('organization');
  const orgB = newId('organization');
  const callerOf = (organizationId: string): Caller => ({ ...platform, organizationId });
  const idle = new AbortController().signal;

  beforeAll(async () => {
    receiver = new Receiver();
    url = await receiver.start();
    api = await openApiApp({
      clock: { now: () => new Date(nowMs.value), nowMs: () => nowMs.value },
    });
    await api.database.transactions.run('platform', async (manager) => {
      for (const id of [orgA, orgB]) await manager.insert(OrganizationEntity, { id, name: id });
    });
  });
  beforeEach(async () => {
    receiver.received.length = 0;
    receiver.status = 200;
    receiver.location = null;
    await api.database.transactions.run('platform', (manager) => manager.query('DELETE FROM webhooks'));
  });
  afterAll(async () => {
    await api.close();
    await receiver.close();
  });

  const tell = (organizationId: string | null, type: 'credential.invalid' | 'credential.expiring') =>
    api.database.transactions.run('platform', (manager) =>
      api.get(OwnerNotifier).notify(manager, { organizationId, type, data: { credential_id: 'cred_x' } }),
    );
  const deliver = () => api.get(WebhookDeliveryService).deliverDue(idle);
  const deliveries = () =>
    api.database.transactions.run('platform', (manager) =>
      manager.find(WebhookDeliveryEntity, { order: { id: 'ASC' } }),
    );

  it('tells the owner and the platform, and nobody else', async () => {
    const webhooks = api.get(WebhookService);
    await webhooks.create(callerOf(orgA), { url: `${url}/a` });
    await webhooks.create(callerOf(orgB), { url: `${url}/b` });
    await webhooks.create(platform, { url: `${url}/platform`, organizationId: null });
    await tell(orgA, 'credential.invalid');
    const owners = (await deliveries()).map(({ organizationId }) => organizationId);
    expect(new Set(owners)).toEqual(new Set([orgA, null]));
    expect(await deliver()).toBe(2);
    expect(receiver.received.map(({ body }) => JSON.parse(body) as { organization_id: string })).toEqual([
      expect.objectContaining({ type: 'credential.invalid', organization_id: orgA }),
      expect.objectContaining({ type: 'credential.invalid', organization_id: orgA }),
    ]);
  });

  it('signs each delivery, so that the receiver can check it with the secret that was shown once', async () => {
    const { secret } = await api.get(WebhookService).create(callerOf(orgA), { url });
    await tell(orgA, 'credential.invalid');
    await deliver();
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
    const { id } = JSON.parse(body) as { id: string };
    const timestamp = Math.floor(nowMs.value / 1_000);
    expect(headers).toMatchObject(signWebhook(secret, { id, timestamp, body }));
  });

  it('sends only the events that were asked for, and nothing to one that is switched off', async () => {
    const webhooks = api.get(WebhookService);
    await webhooks.create(callerOf(orgA), { url, events: ['credential.expiring'] });
    const { webhook } = await webhooks.create(callerOf(orgA), { url });
    await webhooks.update(callerOf(orgA), webhook.id, { enabled: false });
    await tell(orgA, 'credential.invalid');
    expect(await deliver()).toBe(0);
    await tell(orgA, 'credential.expiring');
    expect(await deliver()).toBe(1);
  });

  it('repeats what was not taken, ever later, and gives up in the end', async () => {
    await api.get(WebhookService).create(callerOf(orgA), { url });
    await tell(orgA, 'credential.invalid');
    receiver.status = 500;
    await deliver();
    expect(await deliver()).toBe(0);
    const startedMs = nowMs.value;
    let attempts = 1;
    for (; (await deliveries())[0]?.status === 'pending'; attempts += 1) {
      nowMs.value = (await deliveries())[0]!.nextAttemptAt.getTime();
      await deliver();
    }
    expect(attempts).toBe(11);
    expect(nowMs.value - startedMs).toBeGreaterThan(24 * 3_600_000);
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect((await deliveries())[0]).toMatchObject({ status: 'failed', lastStatus: 500 });
  });

  it('is repeated by the next process when one dies with it', async () => {
    await api.get(WebhookService).create(callerOf(orgA), { url });
    await tell(orgA, 'credential.invalid');
    const ending = new AbortController();
    ending.abort();
    await api.get(WebhookDeliveryService).deliverDue(ending.signal);
    expect((await deliveries())[0]?.status).toBe('pending');
    nowMs.value += 60_000;
    expect(await deliver()).toBe(1);
    expect((await deliveries())[0]?.status).toBe('delivered');
  });

  it('follows no redirect', async () => {
    await api.get(WebhookService).create(callerOf(orgA), { url });
    await tell(orgA, 'credential.invalid');
    receiver.status = 307;
    receiver.location = url;
    await deliver();
    expect(receiver.received).toHaveLength(1);
    expect((await deliveries())[0]).toMatchObject({ status: 'pending', lastStatus: null });
  });

  it.each(['http://169.254.169.254/latest', 'http://[::1]/', 'http://167772161/', 'http://10.0.0.1/'])(
    'refuses %s',
    async (forbidden) => {
      const webhooks = api.get(WebhookService);
      await expect(webhooks.create(callerOf(orgA), { url: forbidden })).rejects.toMatchObject({
        code: 'base_url_forbidden',
      });
    },
  );
});
