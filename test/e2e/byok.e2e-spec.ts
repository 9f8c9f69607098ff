import { ByokTraffic } from '../support/e2e/byok-traffic';
import {
  byokModels,
  type ByokWorkspace,
  createByokWorkspace,
  keyViolations,
  makeProviderKey,
  saveKey,
  vendorOf,
} from '../support/e2e/byok-workspaces';
import { distributionOf, printTable } from '../support/e2e/figures';
import { type CallKind, callKinds, LlmCaller, type CallOutcome } from '../support/e2e/llm-calls';
import { platformKeys, useLoopbackProvider } from '../support/e2e/loopback-models';
import { rotateQuickly } from '../support/e2e/rotations';
import type { E2eStack } from '../support/e2e-stack';
import { useStack } from '../support/use-stack';
import { waitUntil } from '../support/wait-until';
import type { ProviderStandIn } from '../stand-ins/provider.stand-in';

const parallelCalls = 50;

/** Whose provider key pays: through the edge and a real LiteLLM, to a provider that says which key arrived. */
describe('own provider keys', () => {
  let stack: E2eStack;
  let provider: ProviderStandIn;
  let caller: LlmCaller;
  let red: ByokWorkspace;
  let blue: ByokWorkspace;
  /** No key of its own, and nobody else's may pay. */
  let bare: ByokWorkspace;
  /** No key of its own, and the platform's may pay. */
  let hosted: ByokWorkspace;

  beforeAll(async () => {
    stack = useStack();
    provider = await useLoopbackProvider(stack);
    caller = new LlmCaller(stack.facts.edge_url);
    red = await createByokWorkspace(stack, 'red', { policy: 'byok_only', hasOwnKeys: true });
    blue = await createByokWorkspace(stack, 'blue', { policy: 'byok_then_platform', hasOwnKeys: true });
    bare = await createByokWorkspace(stack, 'bare', { policy: 'byok_only', hasOwnKeys: false });
    hosted = await createByokWorkspace(stack, 'hosted', { policy: 'byok_then_platform', hasOwnKeys: false });
  });
  beforeEach(() => {
    provider.behave();
    provider.acceptAll();
    provider.requests.length = 0;
  });
  afterAll(async () => {
    await caller.close();
    await provider.close();
    await stack.close();
  });

  const call = (workspace: ByokWorkspace, kind: CallKind): Promise<CallOutcome> =>
    caller.call({ kind, key: workspace.virtualKey.key, models: byokModels });
  const ownKey = (workspace: ByokWorkspace, kind: CallKind): string =>
    workspace.providerKeys[vendorOf(kind)] ?? 'none';
  const violations = (workspace: ByokWorkspace, outcomes: CallOutcome[]): string[] =>
    keyViolations(provider, outcomes, ({ kind }) => [ownKey(workspace, kind)]);

  it('are checked with the provider when they are saved, and shown masked', async () => {
    const { openai, anthropic } = red.credentials;
    expect([openai?.state, anthropic?.state]).toEqual(['verified', 'verified']);
    const shown = JSON.stringify(await stack.api.get(`/credentials?workspace_id=${red.workspaceId}`));
    expect(shown).toContain(openai?.id);
    for (const value of Object.values(red.providerKeys)) expect(shown).not.toContain(value);
    expect(shown).toContain(red.providerKeys.openai?.slice(-4));
  });

  it.each(callKinds)("carry each workspace's own key: %s", async (kind) => {
    for (const workspace of [red, blue]) {
      const outcome = await call(workspace, kind);
      expect(outcome.problem).toBeNull();
      expect(violations(workspace, [outcome])).toEqual([]);
    }
  });

  it.each(callKinds)('are missed where a workspace has none and must have one: %s', async (kind) => {
    const outcome = await call(bare, kind);
    expect([outcome.status, outcome.code]).toEqual([403, 'credential_missing']);
    expect(provider.calls()).toEqual([]);
  });

  it.each(callKinds)("give way to the platform's where the workspace allows it: %s", async (kind) => {
    const outcome = await call(hosted, kind);
    expect(outcome.problem).toBeNull();
    expect(keyViolations(provider, [outcome], () => [platformKeys[vendorOf(kind)]])).toEqual([]);
  });

  it(`never change places: ${parallelCalls} calls at a time, of all kinds and workspaces`, async () => {
    const jobs = Array.from({ length: parallelCalls * 3 }, (_, index) => ({
      workspace: [red, blue, bare, hosted][index % 4] ?? red,
      kind: callKinds[Math.floor(index / 4) % callKinds.length] ?? 'chat',
    }));
    const done: { workspace: ByokWorkspace; outcome: CallOutcome }[] = [];
    const rest = jobs.values();
    await Promise.all(
      Array.from({ length: parallelCalls }, async () => {
        for (const { workspace, kind } of rest)
          done.push({ workspace, outcome: await call(workspace, kind) });
      }),
    );
    const of = (workspace: ByokWorkspace): CallOutcome[] =>
      done.filter((one) => one.workspace === workspace).map(({ outcome }) => outcome);
    expect([...of(red), ...of(blue), ...of(hosted)].filter(({ problem }) => problem !== null)).toEqual([]);
    expect(new Set(of(bare).map(({ code }) => code))).toEqual(new Set(['credential_missing']));
    expect(violations(red, of(red))).toEqual([]);
    expect(violations(blue, of(blue))).toEqual([]);
    expect(keyViolations(provider, of(bare), () => [])).toEqual([]);
    expect(keyViolations(provider, of(hosted), ({ kind }) => [platformKeys[vendorOf(kind)]])).toEqual([]);
  });

  it('are rotated with calls going on: none fails, and none carries the old key after its retirement', async () => {
    const credential = red.credentials.openai;
    const old = red.providerKeys.openai ?? '';
    const next = makeProviderKey('openai', 'rotated');
    const traffic = new ByokTraffic(caller, [red], 6);
    let finished: Awaited<ReturnType<typeof rotateQuickly>>;
    try {
      finished = await rotateQuickly(stack, credential?.id ?? '', next);
    } finally {
      await traffic.stop();
    }
    expect(finished.status).toBe('done');
    red.providerKeys.openai = next;
    expect(traffic.failed).toEqual([]);
    const both = ({ kind }: CallOutcome): string[] =>
      vendorOf(kind) === 'openai' ? [old, next] : [ownKey(red, kind)];
    expect(keyViolations(provider, traffic.outcomesOf(red), both)).toEqual([]);
    provider.requests.length = 0;
    const after = await Promise.all(callKinds.map((kind) => call(red, kind)));
    expect(violations(red, after)).toEqual([]);
  });

  it('stop at once when they are switched off or deleted, and nobody else pays', async () => {
    const workspace = await createByokWorkspace(stack, 'stopped', { policy: 'byok_only', hasOwnKeys: true });
    const { id } = workspace.credentials.openai ?? { id: '' };
    const stoppedAfterMs = async (stop: () => Promise<unknown>, code: string): Promise<number> => {
      expect((await call(workspace, 'chat')).problem).toBeNull();
      const startedAtMs = performance.now();
      await stop();
      const refused = await waitUntil(
        async () => {
          const outcome = await call(workspace, 'chat');
          return outcome.problem === null ? null : outcome;
        },
        { deadlineMs: 10_000, what: 'the refusal', pollEveryMs: 5 },
      );
      expect(refused.code).toBe(code);
      return performance.now() - startedAtMs;
    };
    const disabledMs = await stoppedAfterMs(
      () => stack.api.post(`/credentials/${id}/disable`),
      'credential_missing',
    );
    await stack.api.patch(`/credentials/${id}`, { enabled: true });
    await waitUntil(async () => (await call(workspace, 'chat')).problem === null, {
      deadlineMs: 10_000,
      what: 'the key to be used again',
    });
    const deletedMs = await stoppedAfterMs(
      () => stack.api.delete(`/credentials/${id}`),
      'credential_missing',
    );
    printTable('own keys: asked for, to the first refusal', [
      { what: 'disable', ...distributionOf([disabledMs]) },
      { what: 'delete', ...distributionOf([deletedMs]) },
    ]);
    await saveKey(stack, workspace, 'openai');
    const again = await call(workspace, 'chat');
    expect(again.problem).toBeNull();
    expect(violations(workspace, [again])).toEqual([]);
  });

  it("of a member come before the workspace's", async () => {
    const value = makeProviderKey('openai', 'member');
    await stack.api.post(`/llm/users/ada@example.com/byok`, {
      organization_id: blue.organizationId,
      provider: 'loopback-keyed-openai',
      api_key: value,
    });
    const ada = await stack.api.createKey(blue.workspaceId, { user_id: 'ada@example.com' });
    const outcome = await caller.call({ kind: 'chat', key: ada.key, models: byokModels });
    expect(outcome.problem).toBeNull();
    expect(keyViolations(provider, [outcome], () => [value])).toEqual([]);
    const others = await call(blue, 'chat');
    expect(violations(blue, [others])).toEqual([]);
  });

  it('that the provider refuses are never taken for a bad virtual key, and concern nobody else', async () => {
    const { openai: dead = '' } = blue.providerKeys;
    provider.acceptOnly([
      ...Object.values(red.providerKeys),
      ...Object.values(platformKeys),
      blue.providerKeys.anthropic ?? '',
    ]);
    const refused = await call(blue, 'chat');
    expect([refused.status, refused.code]).toEqual([502, 'provider_credential_refused']);
    expect(refused.problem).not.toContain(dead);
    expect((await call(red, 'chat')).problem).toBeNull();
    expect((await call(hosted, 'chat')).problem).toBeNull();
    expect((await call(blue, 'messages')).problem).toBeNull();
  });
});
