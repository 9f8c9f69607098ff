import { without } from './base-url-path';
import type { KeyManagement, KeyManagementAccess } from './provider-driver';
import { baseOf, callForKeys, callForKeysIfThere } from './provider-key-call';
import {
  commonProblem,
  dateIn,
  fieldIn,
  idProblem,
  idSetting,
  listIn,
  textIn,
  usesProviderApi,
} from './provider-key-fields';

const provider = 'Fireworks';
const maxPages = 100;

/** Keys are managed beside inference: a base URL for calls ends with /inference/v1. */
function rootOf(access: KeyManagementAccess): string {
  return without(baseOf(access, 'https://api.fireworks.ai'), '/inference/v1', '/v1');
}

function request(access: KeyManagementAccess, method: 'GET' | 'POST', path: string, body?: object) {
  const account = idSetting(access.settings, 'account_id');
  const user = idSetting(access.settings, 'user_id');
  return {
    provider,
    method,
    url: `${rootOf(access)}/v1/accounts/${account}/users/${user}/apiKeys${path}`,
    headers: { authorization: `Bearer ${access.secret}` },
    ...(body ? { body } : {}),
  };
}

/** The user may be a service account. The external id is the `keyId`. */
export const fireworksKeys: KeyManagement = {
  canCreateKeys: true,
  needsAdminCredential: true,

  problemOf(settings) {
    const problem = commonProblem(settings);
    if (problem !== null || !usesProviderApi(settings)) return problem;
    return (
      idProblem(settings, 'account_id', "the account's id") ??
      idProblem(settings, 'user_id', 'the id of the user or service account whose key it is')
    );
  },

  async createKey(access, label) {
    const body = await callForKeys(access, request(access, 'POST', '', { apiKey: { displayName: label } }));
    return {
      externalId: textIn(body, 'keyId', provider),
      secret: textIn(body, 'key', provider),
      expiresAt: dateIn(body, 'expireTime'),
    };
  },

  async revokeKey(access, externalId) {
    await callForKeysIfThere(access, request(access, 'POST', ':delete', { keyId: externalId }));
  },

  async findKeys(access, label) {
    const found: { externalId: string }[] = [];
    let pageToken = '';
    for (let page = 0; page < maxPages; page += 1) {
      const body = await callForKeys(access, request(access, 'GET', `?pageSize=200${pageToken}`));
      for (const key of listIn(body, 'apiKeys')) {
        if (fieldIn(key, 'displayName') === label) found.push({ externalId: textIn(key, 'keyId', provider) });
      }
      const next = fieldIn(body, 'nextPageToken');
      if (typeof next !== 'string' || next === '') break;
      pageToken = `&pageToken=${encodeURIComponent(next)}`;
    }
    return found;
  },
};
