import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface KeyThere {
  id: string;
  name: string;
  secret: string;
  /** false: disabled, inactive, archived or deleted. */
  isActive: boolean;
  isDeleted: boolean;
}

/** What routes know of the stand-in. */
export interface KeysThere {
  readonly keys: KeyThere[];
  readonly pageSize: number;
  add(name: string): KeyThere;
  find(id: string | undefined): KeyThere | undefined;
}

export interface KeysRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}

export interface KeysAnswer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface KeysRoute {
  method: string;
  path: RegExp;
  /** admin: the admin key as bearer. own: any living key. */
  auth: 'admin' | 'own' | 'x-api-key';
  answer(there: KeysThere, asked: KeysRequest, ids: readonly string[]): KeysAnswer;
}

export const noRoute: KeysAnswer = {
  status: 404,
  body: { error: { code: 'not_found', message: 'Unknown.' } },
};
const createdAt = '2026-11-21T08:00:00Z';

function page(there: KeysThere, after: string | null): { keys: KeyThere[]; hasMore: boolean } {
  const all = there.keys.filter(({ isDeleted }) => !isDeleted);
  const start = after === null ? 0 : all.findIndex(({ id }) => id === after) + 1;
  return { keys: all.slice(start, start + there.pageSize), hasMore: start + there.pageSize < all.length };
}

function remove(there: KeysThere, id: string | undefined): boolean {
  const key = there.find(id);
  if (key) Object.assign(key, { isDeleted: true, isActive: false });
  return key !== undefined;
}

const serviceAccounts = '/openai/v1/organization/projects/proj_1/service_accounts';

/** https://platform.openai.com/docs/api-reference/project-service-accounts */
const openai: KeysRoute[] = [
  {
    method: 'POST',
    path: new RegExp(`^${serviceAccounts}$`),
    auth: 'admin',
    answer: (there, { body }) => {
      const { id, name, secret } = there.add(String(body['name']));
      return {
        status: 200,
        body: {
          object: 'organization.project.service_account',
          id,
          name,
          role: 'member',
          created_at: 1_763_712_000,
          api_key: {
            object: 'organization.project.service_account.api_key',
            value: secret,
            name: 'Secret Key',
            id: `key_${id}`,
          },
        },
      };
    },
  },
  {
    method: 'GET',
    path: new RegExp(`^${serviceAccounts}$`),
    auth: 'admin',
    answer: (there, { query }) => {
      const { keys, hasMore } = page(there, query.get('after'));
      const data = keys.map(({ id, name }) => ({
        object: 'organization.project.service_account',
        id,
        name,
        role: 'member',
      }));
      return {
        status: 200,
        body: { object: 'list', data, first_id: data[0]?.id, last_id: data.at(-1)?.id, has_more: hasMore },
      };
    },
  },
  {
    method: 'DELETE',
    path: new RegExp(`^${serviceAccounts}/([^/]+)$`),
    auth: 'admin',
    answer: (there, _asked, [id]) =>
      remove(there, id)
        ? { status: 200, body: { object: 'organization.project.service_account.deleted', id, deleted: true } }
        : noRoute,
  },
];

function hashOf({ secret }: KeyThere): string {
  return createHash('sha256').update(secret).digest('hex');
}

function openrouterKey(key: KeyThere): object {
  return {
    hash: hashOf(key),
    name: key.name,
    label: `${key.secret.slice(0, 8)}...${key.secret.slice(-3)}`,
    disabled: !key.isActive,
    limit: null,
    limit_remaining: null,
    limit_reset: null,
    usage: 0,
    created_at: createdAt,
    updated_at: null,
    expires_at: null,
  };
}

function byHash(there: KeysThere, hash: string | undefined): KeyThere | undefined {
  return there.keys.find((key) => !key.isDeleted && hashOf(key) === hash);
}

const openrouter: KeysRoute[] = [
  {
    method: 'POST',
    path: /^\/openrouter\/api\/v1\/keys$/,
    auth: 'admin',
    answer: (there, { body }) => {
      const key = there.add(String(body['name']));
      return { status: 201, body: { data: openrouterKey(key), key: key.secret } };
    },
  },
  {
    method: 'GET',
    path: /^\/openrouter\/api\/v1\/keys$/,
    auth: 'admin',
    answer: (there, { query }) => {
      const offset = Number(query.get('offset') ?? 0);
      const hidesDisabled = query.get('include_disabled') !== 'true';
      const all = there.keys.filter(({ isDeleted, isActive }) => !isDeleted && (isActive || !hidesDisabled));
      return { status: 200, body: { data: all.slice(offset, offset + 100).map(openrouterKey) } };
    },
  },
  {
    method: 'GET',
    path: /^\/openrouter\/api\/v1\/keys\/([^/]+)$/,
    auth: 'admin',
    answer: (there, _asked, [hash]) => {
      const key = byHash(there, hash);
      return key ? { status: 200, body: { data: openrouterKey(key) } } : noRoute;
    },
  },
  {
    method: 'PATCH',
    path: /^\/openrouter\/api\/v1\/keys\/([^/]+)$/,
    auth: 'admin',
    answer: (there, { body }, [hash]) => {
      const key = byHash(there, hash);
      if (!key) return noRoute;
      if (body['disabled'] === true) key.isActive = false;
      return { status: 200, body: { data: openrouterKey(key) } };
    },
  },
  {
    method: 'DELETE',
    path: /^\/openrouter\/api\/v1\/keys\/([^/]+)$/,
    auth: 'admin',
    answer: (there, _asked, [hash]) =>
      remove(there, byHash(there, hash)?.id) ? { status: 200, body: { deleted: true } } : noRoute,
  },
];

const apiKeys = '/fireworks/v1/accounts/acme/users/bot/apiKeys';

const fireworks: KeysRoute[] = [
  {
    method: 'POST',
    path: new RegExp(`^${apiKeys}$`),
    auth: 'admin',
    answer: (there, { body }) => {
      const { displayName } = body['apiKey'] as { displayName: string };
      const { id, secret } = there.add(displayName);
      const shown = {
        keyId: id,
        displayName,
        createTime: createdAt,
        secure: true,
        email: 'bot@acme.example',
      };
      return { status: 200, body: { ...shown, key: secret, prefix: secret.slice(0, 6), expireTime: null } };
    },
  },
  {
    method: 'GET',
    path: new RegExp(`^${apiKeys}$`),
    auth: 'admin',
    answer: (there, { query }) => {
      const { keys, hasMore } = page(there, query.get('pageToken'));
      const shown = keys.map(({ id, name }) => ({ keyId: id, displayName: name, createTime: createdAt }));
      return { status: 200, body: { apiKeys: shown, nextPageToken: hasMore ? shown.at(-1)?.keyId : '' } };
    },
  },
  {
    method: 'POST',
    path: new RegExp(`^${apiKeys}:delete$`),
    auth: 'admin',
    answer: (there, { body }) => (remove(there, String(body['keyId'])) ? { status: 200, body: {} } : noRoute),
  },
];

const perplexity: KeysRoute[] = [
  {
    method: 'POST',
    path: /^\/perplexity\/generate_auth_token$/,
    auth: 'own',
    answer: (there, { body }) => {
      const { secret, name } = there.add(String(body['token_name']));
      return {
        status: 200,
        body: { auth_token: secret, created_at_epoch_seconds: 1_763_712_000, token_name: name },
      };
    },
  },
  {
    method: 'POST',
    path: /^\/perplexity\/revoke_auth_token$/,
    auth: 'own',
    answer: (there, { body }) => {
      const key = there.keys.find(({ secret }) => secret === body['auth_token']);
      remove(there, key?.id);
      return { status: 200, body: '' };
    },
  },
];

const anthropic: KeysRoute[] = [
  {
    method: 'GET',
    path: /^\/anthropic\/v1\/organizations\/api_keys$/,
    auth: 'x-api-key',
    answer: (there, { query }) => {
      const { keys, hasMore } = page(there, query.get('after_id'));
      const wanted = keys.filter(({ isActive }) => isActive || query.get('status') !== 'active');
      const data = wanted.map(({ id, name, secret, isActive }) => ({
        id,
        type: 'api_key',
        name,
        status: isActive ? 'active' : 'inactive',
        partial_key_hint: `${secret.slice(0, 12)}...${secret.slice(-4)}`,
        created_at: createdAt,
        expires_at: null,
      }));
      return {
        status: 200,
        body: { data, has_more: hasMore, first_id: data[0]?.id, last_id: keys.at(-1)?.id },
      };
    },
  },
  {
    method: 'POST',
    path: /^\/anthropic\/v1\/organizations\/api_keys\/([^/]+)$/,
    auth: 'x-api-key',
    answer: (there, { body }, [id]) => {
      const key = there.find(id);
      if (!key) return noRoute;
      key.isActive = body['status'] === 'active';
      return { status: 200, body: { id, type: 'api_key', name: key.name, status: body['status'] } };
    },
  },
];

export const keysRoutes: readonly KeysRoute[] = [
  ...openai,
  ...openrouter,
  ...fireworks,
  ...perplexity,
  ...anthropic,
];
