import { hashVirtualKeyValue, signContext } from '@signalbox/gateway';
import type { CreatedKey } from '../support/e2e/admin-api';
import { loopback } from '../support/e2e/loopback-models';
import type { E2eStack } from '../support/e2e-stack';
import { waitUntil } from '../support/wait-until';
import type { Operation } from './measure';
import type { TimedRequests } from './timed-requests';

const path = '/v1/chat/completions';
const body = { model: loopback.chat, messages: [{ role: 'user', content: 'bench' }] };

/** The same chat through the edge and, with a context signed as the edge would, straight at LiteLLM. */
export async function edgeOverheadOperations(
  stack: E2eStack,
  requests: TimedRequests,
  key: CreatedKey,
  organizationId: string,
): Promise<Record<string, Operation>> {
  const litellmUrl = await stack.litellm.url();
  const ring = stack.facts.context_signing_keys.split(',').map((entry) => {
    const [kid = '', encoded = ''] = entry.split(':');
    return { kid, key: Buffer.from(encoded, 'base64url') };
  });
  const claims = {
    rid: 'req_bench',
    m: 'POST',
    p: path,
    kh: hashVirtualKeyValue(key.key),
    key: key.id,
    ws: key.workspace_id,
    org: organizationId,
    mdl: loopback.chat,
    dep: null,
    cred: null,
    prov: null,
  };
  return {
    'chat straight at LiteLLM (baseline)': async () => {
      const headers = { 'x-signalbox-context': signContext(ring, claims, Date.now()) };
      return (await requests.sendOk({ url: litellmUrl + path, headers, body })).ms;
    },
    'chat through the edge': async () => {
      const headers = { authorization: `Bearer ${key.key}` };
      return (await requests.sendOk({ url: stack.facts.edge_url + path, headers, body })).ms;
    },
  };
}

/** How soon the admin API's word holds at the edge. */
export function loopOperations(
  stack: E2eStack,
  requests: TimedRequests,
  workspaceId: string,
): Record<string, Operation> {
  const modelsUrl = `${stack.facts.edge_url}/v1/models`;
  const statusAtEdge = async (key: string): Promise<number> =>
    (await requests.send({ url: modelsUrl, headers: { authorization: `Bearer ${key}` } })).status;
  const untilStatus = (key: string, status: number): Promise<boolean> =>
    waitUntil(async () => (await statusAtEdge(key)) === status, {
      deadlineMs: 30_000,
      what: `status ${status} at the edge`,
      pollEveryMs: 2,
    });
  return {
    'create a key, to its first answered chat': async () => {
      const startedAtMs = performance.now();
      const { key } = await stack.api.createKey(workspaceId);
      await waitUntil(async () => (await stack.chat.send({ key, model: loopback.chat })).problem === null, {
        deadlineMs: 30_000,
        what: 'the first answer',
        pollEveryMs: 2,
      });
      return performance.now() - startedAtMs;
    },
    'create a key, to its first answer at the edge': async () => {
      const startedAtMs = performance.now();
      const { key } = await stack.api.createKey(workspaceId);
      await untilStatus(key, 200);
      return performance.now() - startedAtMs;
    },
    'revoke a key, to its first refusal at the edge': async () => {
      const { id, key } = await stack.api.createKey(workspaceId);
      await untilStatus(key, 200);
      const startedAtMs = performance.now();
      await stack.api.revokeKey(id);
      await untilStatus(key, 401);
      return performance.now() - startedAtMs;
    },
    'GET /health/liveliness at the edge (baseline)': async () => {
      const startedAtMs = performance.now();
      await fetch(`${stack.facts.edge_url}/health/liveliness`).then((response) => response.arrayBuffer());
      return performance.now() - startedAtMs;
    },
  };
}
