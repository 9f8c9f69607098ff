import { hashVirtualKeyValue } from '@signalbox/gateway';
import type { CreatedKey } from '../support/e2e/admin-api';
import { sendTo } from '../support/e2e/litellm-direct';
import { chatPrices, loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { PlainLitellm } from '../support/e2e/plain-litellm';
import { createTenant, type Tenant } from '../support/e2e/tenants';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import { countTokens, replyTo } from '../stand-ins/provider-answers';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';

interface MirroredKey {
  key_alias: string;
  team_id: string;
  models: string[];
  max_budget: number | null;
  budget_duration: string | null;
  rpm_limit: number | null;
  tpm_limit: number | null;
  blocked: boolean | null;
  spend: number;
  metadata: { signalbox?: Record<string, unknown> };
}

interface AttemptRow {
  virtual_key_id: string;
  workspace_id: string;
  organization_id: string;
  model: string;
  status: string;
  prompt_tokens: string;
  completion_tokens: string;
  cost_nano_usd: string;
}

describe('the mirror in LiteLLM', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let tenant: Tenant;

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    tenant = await createTenant(stack, 'mirror');
  });
  afterAll(async () => {
    await provider.close();
    await stack.close();
  });

  const mirroredMs = 20_000;

  function mirrored(hash: string, holds: (key: MirroredKey) => boolean = () => true): Promise<MirroredKey> {
    return waitUntil(
      async () => {
        const info = (await stack.litellm.keyInfo(hash)) as MirroredKey | null;
        return info && holds(info) ? info : null;
      },
      { deadlineMs: mirroredMs, what: 'LiteLLM to know the key', pollEveryMs: 100 },
    );
  }

  function gone(hash: string): Promise<boolean> {
    return waitUntil(async () => (await stack.litellm.keyInfo(hash)) === null, {
      deadlineMs: mirroredMs,
      what: 'LiteLLM to forget the key',
      pollEveryMs: 100,
    });
  }

  async function createKey(more: object): Promise<CreatedKey & { hash: string }> {
    const created = await stack.api.createKey(tenant.workspaceId, more);
    return { ...created, hash: hashVirtualKeyValue(created.key) };
  }

  it('makes the workspace a team and the virtual key a key of it, with the same value and limits', async () => {
    const { id, hash } = await createKey({
      key_alias: 'mirrored',
      models: [loopback.chat],
      max_budget: 12.5,
      budget_duration: '30d',
      rpm_limit: 600,
      tpm_limit: 70_000,
    });
    const info = await mirrored(hash);
    expect(info).toMatchObject({
      team_id: tenant.workspaceId,
      models: [loopback.chat],
      max_budget: 12.5,
      budget_duration: '30d',
      rpm_limit: 600,
      tpm_limit: 70_000,
    });
    expect(info.key_alias).toMatch(/^mirrored \[ksec_/);
    expect(info.metadata.signalbox).toMatchObject({
      key_id: id,
      workspace_id: tenant.workspaceId,
      organization_id: tenant.organizationId,
    });
    const team = await stack.litellm.asMaster({ path: `/team/info?team_id=${tenant.workspaceId}` });
    expect(team.body).toMatchObject({ team_info: { team_id: tenant.workspaceId } });
  });

  it('says when it is done, and has then erased the sealed value', async () => {
    const { id, hash } = await createKey({ key_alias: 'sealed until mirrored' });
    await mirrored(hash);
    const view = await waitUntil(
      async () => {
        const key = await stack.api.getKey(id);
        return JSON.stringify(key['mirror']).includes('synced') ? key : null;
      },
      { deadlineMs: mirroredMs, what: 'the mirror to be synced' },
    );
    expect(JSON.stringify(view)).not.toContain('pending');
    const rows = await stack.stores.query<{ sealed_value: string | null; mirror_state: string }>(
      'SELECT sealed_value, mirror_state FROM virtual_key_secrets WHERE key_hash = $1',
      [hash],
    );
    expect(rows).toEqual([{ sealed_value: null, mirror_state: 'synced' }]);
  });

  it('follows updates, rotation, revocation and deletion', async () => {
    const first = await createKey({ key_alias: 'followed' });
    await mirrored(first.hash);
    await stack.api.patch(`/keys/${first.id}`, { rpm_limit: 5, blocked: true });
    await mirrored(first.hash, (key) => key.rpm_limit === 5 && key.blocked === true);
    await stack.api.patch(`/keys/${first.id}`, { blocked: false });
    const second = await stack.api.rotateKey(first.id, '0s');
    const secondHash = hashVirtualKeyValue(second.key);
    await mirrored(secondHash);
    await gone(first.hash);
    await stack.api.revokeKey(first.id);
    await gone(secondHash);

    const deleted = await createKey({ key_alias: 'deleted' });
    await mirrored(deleted.hash);
    await stack.api.delete(`/keys/${deleted.id}`);
    await gone(deleted.hash);
  });

  it.each([false, true])(
    'books tokens and cost of each attempt, to the nano-dollar (streamed: %s)',
    async (isStreamed) => {
      const { key, id, hash } = await createKey({ key_alias: `booked ${isStreamed}` });
      await mirrored(hash);
      const prompt = 'how much is this in all';
      const answer = await stack.chat.expectAnswer({ key, model: loopback.chat, prompt, isStreamed });
      const requestId = answer.headers['x-request-id'];
      const [attempt] = await waitUntil(
        async () => {
          const rows = await stack.stores.query<AttemptRow>('SELECT * FROM attempts WHERE request_id = $1', [
            requestId,
          ]);
          return rows.length > 0 ? rows : null;
        },
        { deadlineMs: mirroredMs, what: 'the attempt to be booked' },
      );
      const promptTokens = countTokens(prompt);
      const completionTokens = countTokens(replyTo(prompt));
      const costUsd =
        promptTokens * chatPrices.input_cost_per_token + completionTokens * chatPrices.output_cost_per_token;
      expect(attempt).toMatchObject({
        virtual_key_id: id,
        workspace_id: tenant.workspaceId,
        organization_id: tenant.organizationId,
        model: loopback.chat,
        status: 'success',
        prompt_tokens: String(promptTokens),
        completion_tokens: String(completionTokens),
        cost_nano_usd: String(Math.round(costUsd * 1e9)),
      });
    },
  );

  it("books a failed attempt, and LiteLLM's own log and spend on the mirrored key and team", async () => {
    const { key, hash } = await createKey({ key_alias: 'spend' });
    await mirrored(hash);
    provider.misbehave({ kind: 'error', status: 500 }, { times: 1 });
    const failed = await stack.chat.send({ key, model: loopback.chat });
    expect(failed.status).toBe(500);
    provider.behave();
    const answered = await stack.chat.expectAnswer({ key, model: loopback.chat });
    const failure = await waitUntil(
      async () => {
        const rows = await stack.stores.query<AttemptRow>('SELECT * FROM attempts WHERE request_id = $1', [
          failed.headers['x-request-id'],
        ]);
        return rows[0];
      },
      { deadlineMs: mirroredMs, what: 'the failed attempt to be booked' },
    );
    expect(failure.status).toBe('failure');
    const log = await waitUntil(
      async () => {
        const rows = await stack.stores.litellmQuery<{ api_key: string; team_id: string; spend: number }>(
          'SELECT api_key, team_id, spend FROM "LiteLLM_SpendLogs" WHERE litellm_call_id = $1',
          [answered.headers['x-request-id']],
        );
        return rows[0];
      },
      { deadlineMs: 45_000, what: "LiteLLM's spend log", pollEveryMs: 250 },
    );
    expect(log).toMatchObject({ api_key: hash, team_id: tenant.workspaceId });
    expect(log.spend).toBeGreaterThan(0);
    const booked = await waitUntil(
      async () => {
        const info = (await stack.litellm.keyInfo(hash)) as MirroredKey | null;
        return info && info.spend > 0 ? info : null;
      },
      { deadlineMs: 45_000, what: "the key's spend in LiteLLM", pollEveryMs: 250 },
    );
    expect(booked.spend).toBeCloseTo(log.spend, 9);
  });

  it('locks nobody in: with custom auth taken out, mirrored keys are plain LiteLLM keys', async () => {
    const active = await createKey({ key_alias: 'plain', models: [loopback.chat] });
    const revoked = await createKey({ key_alias: 'plain and revoked' });
    await mirrored(active.hash);
    await mirrored(revoked.hash);
    await stack.api.revokeKey(revoked.id);
    await gone(revoked.hash);
    const plain = await PlainLitellm.start(stack);
    try {
      const ask = (key: string, model: string): ReturnType<typeof sendTo> =>
        sendTo(plain.url, {
          path: '/v1/chat/completions',
          headers: { authorization: `Bearer ${key}` },
          body: { model, messages: [{ role: 'user', content: 'without Signalbox' }] },
        });
      const answer = await ask(active.key, loopback.chat);
      expect(answer.body).toMatchObject({
        choices: [{ message: { content: replyTo('without Signalbox') } }],
      });
      expect((await ask(active.key, loopback.embedding)).status).toBe(403);
      expect((await ask(revoked.key, loopback.chat)).status).toBe(401);
    } finally {
      await plain.stop();
    }
  });
});
