import { without } from './base-url-path';
import type { KeyManagement, KeyManagementAccess } from './provider-driver';
import { baseOf, callForKeys, callForKeysIfThere } from './provider-key-call';
import { commonProblem, fieldIn, listIn, textIn } from './provider-key-fields';
import { ProviderKeyError } from './provider-key-error';

const provider = 'Anthropic';
const maxPages = 100;
const statuses: ReadonlySet<unknown> = new Set([undefined, 'inactive', 'archived']);

function request(access: KeyManagementAccess, method: 'GET' | 'POST', path: string, body?: object) {
  const root = without(baseOf(access, 'https://api.anthropic.com'), '/v1');
  return {
    provider,
    method,
    url: `${root}/v1/organizations/api_keys${path}`,
    headers: { 'x-api-key': access.secret, 'anthropic-version': '2023-06-01' },
    ...(body ? { body } : {}),
  };
}

async function activeKeys(access: KeyManagementAccess): Promise<unknown[]> {
  const found: unknown[] = [];
  let after = '';
  for (let page = 0; page < maxPages; page += 1) {
    const body = await callForKeys(access, request(access, 'GET', `?status=active&limit=100${after}`));
    found.push(...listIn(body, 'data'));
    if (fieldIn(body, 'has_more') !== true) break;
    after = `&after_id=${encodeURIComponent(textIn(body, 'last_id', provider))}`;
  }
  return found;
}

/** A hint is a key's beginning and end, such as sk-ant-api03-R2D...igAA. */
function isHintOf(hint: unknown, secret: string): boolean {
  if (typeof hint !== 'string') return false;
  const [start, end, ...more] = hint.split('...');
  return Boolean(start && end) && more.length === 0 && secret.startsWith(start!) && secret.endsWith(end!);
}

/** Keys are made by people in the console; the admin key can only take them out of use. */
export const anthropicKeys: KeyManagement = {
  canCreateKeys: false,
  needsAdminCredential: true,

  problemOf(settings) {
    if (settings['method'] === 'provider_api')
      return 'rotation.method must be manual: Anthropic makes no keys by API';
    if (!statuses.has(settings['revoked_status']))
      return 'rotation.revoked_status must be inactive (the default) or archived';
    return commonProblem(settings);
  },

  createKey: () =>
    Promise.reject(
      new ProviderKeyError(
        'refused',
        'Anthropic makes no keys by API. Make one in the console, and give it as api_key.',
      ),
    ),

  async revokeKey(access, externalId) {
    const status = access.settings['revoked_status'] ?? 'inactive';
    await callForKeysIfThere(
      access,
      request(access, 'POST', `/${encodeURIComponent(externalId)}`, { status }),
    );
  },

  async findKeys(access, label) {
    const named = (await activeKeys(access)).filter((key) => fieldIn(key, 'name') === label);
    return named.map((key) => ({ externalId: textIn(key, 'id', provider) }));
  },

  async identifyKey(access, secret) {
    const alike = (await activeKeys(access)).filter((key) =>
      isHintOf(fieldIn(key, 'partial_key_hint'), secret),
    );
    return alike.length === 1 ? textIn(alike[0], 'id', provider) : null;
  },
};
