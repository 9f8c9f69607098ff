import type { CreatedKey, KeyView, Page } from '../support/e2e/admin-api';
import type { E2eStack } from '../support/e2e-stack';
import type { Operation } from './measure';
import type { SeededTenant } from './seed-keys';
import type { TimedQueries, TimedRequests } from './timed-requests';

const deepPage = 120;
const words = ['search', 'chat', 'billing', 'support', 'mail'];

function oneOf<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)]!;
}

async function cursorOfPage(stack: E2eStack, page: number): Promise<string> {
  let cursor = '';
  for (let index = 1; index < page; index += 1) {
    const query = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { next_cursor: next } = await stack.api.get<Page<KeyView>>(`/keys?limit=50${query}`);
    if (next === null) throw new Error(`there are only ${index} pages`);
    cursor = next;
  }
  return cursor;
}

/** What operators and n8n do with keys, and two baselines in the same rounds: the bare HTTP server and the bare database. */
export async function apiOperations(
  stack: E2eStack,
  requests: TimedRequests,
  queries: TimedQueries,
  seeded: SeededTenant,
  token: string,
): Promise<Record<string, Operation>> {
  const headers = { authorization: `Bearer ${token}` };
  const deep = encodeURIComponent(await cursorOfPage(stack, deepPage));
  const created: CreatedKey[] = [await stack.api.createKey(seeded.workspaceIds[0] ?? '')];
  const get =
    (path: string): Operation =>
    async () =>
      (await requests.sendOk({ url: `${stack.facts.api_url}/api/v1${path}`, headers })).ms;
  return {
    'GET /health/liveliness (baseline)': async () =>
      (await requests.sendOk({ url: `${stack.facts.api_url}/health/liveliness` })).ms,
    'bare SELECT of 50 keys (baseline of the database)': () =>
      queries.run('SELECT * FROM virtual_keys WHERE deleted_at IS NULL ORDER BY id DESC LIMIT 50', []),
    'list, first page of 50': get('/keys?limit=50'),
    [`list, page ${deepPage}`]: get(`/keys?limit=50&cursor=${deep}`),
    'list of one workspace': () => get(`/keys?limit=50&workspace_id=${oneOf(seeded.workspaceIds)}`)(),
    'list, page of 200': get('/keys?limit=200'),
    'search, many match': () => get(`/keys?limit=50&search=${oneOf(words)}`)(),
    'search, one matches': () =>
      get(`/keys?limit=50&search=app%20${1 + Math.floor(Math.random() * 9_000)}%20`)(),
    'search, none matches': get('/keys?limit=50&search=nothing-is-named-so'),
    'get one': () => get(`/keys/${oneOf(created).id}`)(),
    create: async () => {
      const body = { workspace_id: oneOf(seeded.workspaceIds), models: ['smart'], rpm_limit: 60 };
      const { ms, text } = await requests.sendOk({
        url: `${stack.facts.api_url}/api/v1/keys`,
        headers,
        body,
      });
      created.push(JSON.parse(text) as CreatedKey);
      return ms;
    },
  };
}
