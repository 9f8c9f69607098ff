import type { OpenrouterStandIn } from '../stand-ins/openrouter.stand-in';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';
import type { CreatedKey } from '../support/e2e/admin-api';
import { countBy, failedBeforeFirstByte, FailoverTraffic, succeeded } from '../support/e2e/failover-traffic';
import { withoutLitellm } from '../support/e2e/litellm-away';
import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { platformOpenrouterKey, useOpenrouter } from '../support/e2e/openrouter';
import { createTenant, type Tenant } from '../support/e2e/tenants';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';

/** The quick version of `npm run prove -- failover-litellm-killed`, and what goes on while there is no LiteLLM. */
describe('while LiteLLM is down', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let openrouter: OpenrouterStandIn;
  let tenant: Tenant;
  let key: CreatedKey;
  let bringBack: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    openrouter = await useOpenrouter(stack);
    tenant = await createTenant(stack, 'failover');
    key = await stack.api.createKey(tenant.workspaceId);
  });
  afterAll(async () => {
    await bringBack?.();
    await Promise.all([provider.close(), openrouter.close()]);
    await stack.close();
  });

  it('its clients do not notice that it was killed, and every answer says which way it went', async () => {
    const load = { chats: [stack.chat], keys: [key.key], model: loopback.chat, clients: 10 };
    const traffic = new FailoverTraffic(load);
    const answeredBy = (route: string, count: number): Promise<boolean> =>
      waitUntil(() => succeeded(traffic.answers).filter((one) => one.route === route).length >= count, {
        deadlineMs: 60_000,
        what: `${count} answers by way of ${route}`,
      });
    await answeredBy('litellm', 20);
    bringBack = await withoutLitellm(stack);
    await answeredBy('direct', 50);
    const answers = await traffic.stop();
    expect(countBy(failedBeforeFirstByte(answers), ({ status, problem }) => `${status} ${problem}`)).toEqual(
      {},
    );
    const around = succeeded(answers).filter(({ route }) => route !== 'litellm');
    expect(around.filter(({ fallback }) => fallback === null)).toEqual([]);
    expect(around[0]?.headers).toMatchObject({
      'x-signalbox-model': loopback.chat,
      'x-signalbox-provider': 'openai_compatible',
      'x-signalbox-route': 'direct',
    });
  });

  it('the policy of the workspace says which ways are open', async () => {
    const policyOf = (ways: object): Promise<unknown> =>
      stack.api.request('PUT', `/workspaces/${tenant.workspaceId}/routing`, { body: ways });
    const routeOf = async (): Promise<string> => {
      const { headers, code } = await stack.chat.send({ key: key.key, model: loopback.chat });
      return code ?? headers['x-signalbox-route'] ?? 'none';
    };
    const becomes = (route: string): Promise<boolean> =>
      waitUntil(async () => (await routeOf()) === route, { deadlineMs: 10_000, what: `the route ${route}` });
    openrouter.requests.length = 0;
    await policyOf({ direct_fallback: false });
    await becomes('openrouter');
    expect(openrouter.calls()[0]).toMatchObject({
      apiKey: platformOpenrouterKey,
      model: 'openai/gpt-4o-mini',
    });
    await policyOf({ direct_fallback: false, openrouter_fallback: 'off' });
    await becomes('litellm_unavailable');
    await policyOf({});
    await becomes('direct');
  });

  it('an own key at OpenRouter comes first, and pays', async () => {
    const own = `sk-or-v1-${'a1'.repeat(32)}`;
    const saved = { provider: 'openrouter', api_key: own, workspace_id: tenant.workspaceId };
    await stack.api.createCredential(saved);
    openrouter.requests.length = 0;
    await waitUntil(
      async () => {
        await stack.chat.expectAnswer({ key: key.key, model: loopback.chat });
        return openrouter.calls().some(({ apiKey }) => apiKey === own);
      },
      { deadlineMs: 20_000, what: 'a call with the own key' },
    );
  });

  it('a power level goes around it, too', async () => {
    const body = { levels: { eco: { models: [loopback.chat] } } };
    await stack.api.request('PUT', `/workspaces/${tenant.workspaceId}/routing`, { body });
    const answer = await waitUntil(
      async () => {
        const { problem, headers } = await stack.chat.send({ key: key.key, model: 'eco', isStreamed: true });
        return problem === null ? headers : null;
      },
      { deadlineMs: 10_000, what: 'an answer' },
    );
    expect(answer).toMatchObject({
      'x-signalbox-power-level': 'eco',
      'x-signalbox-model': loopback.chat,
      'x-signalbox-fallback': 'litellm_down',
    });
  });

  it('limits and the allowlist hold', async () => {
    const narrow = await stack.api.createKey(tenant.workspaceId, { models: [loopback.embedding] });
    const single = await stack.api.createKey(tenant.workspaceId, { rpm_limit: 1 });
    const first = await stack.chat.expectAnswer({ key: single.key, model: loopback.chat });
    expect(first.headers['x-ratelimit-remaining-requests']).toBe('0');
    const second = await stack.chat.send({ key: single.key, model: loopback.chat });
    expect([second.status, second.code]).toEqual([429, 'request_limit_reached']);
    const forbidden = await stack.chat.send({ key: narrow.key, model: loopback.chat });
    expect([forbidden.status, forbidden.code]).toEqual([403, 'model_not_allowed']);
  });

  it('every request is booked once, with the way that it went', async () => {
    const answer = await stack.chat.expectAnswer({ key: key.key, model: loopback.chat });
    const rows = await waitUntil(
      async () => {
        const found = await stack.stores.query<Record<string, unknown>>(
          'SELECT * FROM usage_events WHERE request_id = $1',
          [answer.headers['x-request-id']],
        );
        return found.length > 0 ? found : null;
      },
      { deadlineMs: 20_000, what: 'the usage event' },
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      virtual_key_id: key.id,
      workspace_id: tenant.workspaceId,
      organization_id: tenant.organizationId,
      model_requested: loopback.chat,
      model_used: loopback.chat,
      route: 'openrouter',
      fallback_reason: 'litellm_down',
      status_code: 200,
      complete: true,
      usage_source: 'provider',
    });
    expect(Number(rows[0]?.['prompt_tokens'])).toBeGreaterThan(0);
  });
});
