import { hashVirtualKeyValue } from '@signalbox/gateway';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { byokModels, type ByokWorkspace, createByokWorkspace } from '../support/e2e/byok-workspaces';
import type { Row } from '../support/e2e/figures';
import { loopback, useLoopbackProvider } from '../support/e2e/loopback-models';
import { openStack, type E2eStack } from '../support/e2e-stack';
import { waitUntil } from '../support/wait-until';
import { LlmCaller } from '../support/e2e/llm-calls';
import { measureInterleaved, type Operation } from './measure';
import { TimedRequests } from './timed-requests';

const leaseRounds = 2_000;
const chatRounds = 300;
const stopRounds = 100;
const workspaceCount = 4;
const hookCalls = 20_000;
const hookBench = join(__dirname, '..', '..', 'litellm', 'bench_hook.py');
const path = '/v1/chat/completions';

/** `npm run bench -- byok`: what it costs that every call carries its own workspace's provider key. */
export async function run(): Promise<Row[]> {
  const stack = openStack();
  const provider = await useLoopbackProvider(stack);
  const requests = new TimedRequests();
  const caller = new LlmCaller(stack.facts.edge_url);
  try {
    const owners: ByokWorkspace[] = [];
    while (owners.length < workspaceCount)
      owners.push(await createByokWorkspace(stack, 'bench', { policy: 'byok_only', hasOwnKeys: true }));
    const leases = leaseOperations(stack, requests, owners);
    const alone = await measureInterleaved(leases, { rounds: leaseRounds, warmUpRounds: 100 });
    const together = await measureInterleaved(leases, { rounds: leaseRounds, warmUpRounds: 20, parallel: 4 });
    const chats = await measureInterleaved(chatOperations(stack, requests, owners), {
      rounds: chatRounds,
      warmUpRounds: 20,
    });
    const stops = await measureInterleaved(stopOperations(stack, caller, owners[0]), {
      rounds: stopRounds,
      warmUpRounds: 3,
    });
    return [
      ...labelled('broker, one client', alone.rows(leaseBaseline)),
      ...labelled('broker, 4 clients', together.rows(leaseBaseline)),
      await hookRow(stack),
      ...labelled('chat', chats.rows(chatBaseline)),
      ...labelled('stop', stops.rows(stopBaseline)),
    ];
  } finally {
    await Promise.all([caller.close(), requests.close(), provider.close(), stack.close()]);
  }
}

const leaseBaseline = 'GET /health/liveliness of the broker (baseline)';
const chatBaseline = 'chat, model that needs no key (baseline)';
const stopBaseline = 'GET /health/liveliness at the edge (baseline)';

function labelled(part: string, rows: readonly Row[]): Row[] {
  return rows.map((row) => Object.assign({ part }, row));
}

function oneOf<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)]!;
}

/** Warm: the broker has opened these secrets before. */
function leaseOperations(
  stack: E2eStack,
  requests: TimedRequests,
  owners: readonly ByokWorkspace[],
): Record<string, Operation> {
  const { broker_url: url, broker_token: token } = stack.facts;
  const headers = { authorization: `Bearer ${token}` };
  return {
    [leaseBaseline]: async () => (await requests.sendOk({ url: `${url}/health/liveliness` })).ms,
    'POST /v1/leases': async () => {
      const { credentials, virtualKey } = oneOf(owners);
      const body = { credential_id: credentials.openai?.id, key_hash: hashVirtualKeyValue(virtualKey.key) };
      return (await requests.sendOk({ url: `${url}/v1/leases`, headers, body })).ms;
    },
  };
}

/** Measured by itself, in the Python that LiteLLM runs in: beside a chat it would drown in what else a chat takes. */
async function hookRow(stack: E2eStack): Promise<Row> {
  const pid = await stack.processes.pidOf('litellm');
  const [python = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const output = execFileSync(python, [hookBench, String(hookCalls)], { encoding: 'utf8' });
  const figures = JSON.parse(output) as { calls: number; p50_us: number; p99_us: number; max_us: number };
  return {
    part: "LiteLLM's hook",
    operation: 'both of its methods, lease warm',
    count: figures.calls,
    p50_ms: figures.p50_us / 1_000,
    p99_ms: figures.p99_us / 1_000,
    max_ms: figures.max_us / 1_000,
  };
}

/** The whole way, through edge and LiteLLM: with the key of the workspace, with the platform's, and with none. */
function chatOperations(
  stack: E2eStack,
  requests: TimedRequests,
  owners: readonly ByokWorkspace[],
): Record<string, Operation> {
  const chat = (model: string, keyOf: () => string): Operation => {
    const body = { model, messages: [{ role: 'user', content: 'bench' }] };
    return async () => {
      const headers = { authorization: `Bearer ${keyOf()}` };
      return (await requests.sendOk({ url: stack.facts.edge_url + path, headers, body })).ms;
    };
  };
  const key = (): string => oneOf(owners).virtualKey.key;
  return {
    [chatBaseline]: chat(loopback.chat, key),
    "chat, with the workspace's own key": chat(byokModels.chat, key),
  };
}

/** Asked to disable, to the first call that is refused. The proof (prove -- byok-latency) looks at the provider's side. */
function stopOperations(
  stack: E2eStack,
  caller: LlmCaller,
  workspace: ByokWorkspace | undefined,
): Record<string, Operation> {
  const key = workspace?.virtualKey.key ?? '';
  const id = workspace?.credentials.openai?.id ?? '';
  const isAnswered = async (): Promise<boolean> =>
    (await caller.call({ kind: 'chat', key, models: byokModels })).problem === null;
  const until = (answered: boolean): Promise<boolean> =>
    waitUntil(async () => (await isAnswered()) === answered, {
      deadlineMs: 30_000,
      what: answered ? 'an answer' : 'the refusal',
      pollEveryMs: 2,
    });
  return {
    [stopBaseline]: async () => {
      const startedAtMs = performance.now();
      await fetch(`${stack.facts.edge_url}/health/liveliness`).then((response) => response.arrayBuffer());
      return performance.now() - startedAtMs;
    },
    'disable a provider key, to the first refusal': async () => {
      await stack.api.patch(`/credentials/${id}`, { enabled: true });
      await until(true);
      const startedAtMs = performance.now();
      await stack.api.post(`/credentials/${id}/disable`);
      await until(false);
      return performance.now() - startedAtMs;
    },
  };
}
