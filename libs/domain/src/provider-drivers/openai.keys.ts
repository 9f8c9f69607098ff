import { versioned } from './base-url-path';
import type { KeyManagement, KeyManagementAccess } from './provider-driver';
import { baseOf, callForKeys, callForKeysIfThere } from './provider-key-call';
import {
  commonProblem,
  fieldIn,
  idProblem,
  idSetting,
  listIn,
  textIn,
  usesProviderApi,
} from './provider-key-fields';

const provider = 'OpenAI';
const maxPages = 100;

function request(
  access: KeyManagementAccess,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: object,
) {
  const base = versioned(baseOf(access, 'https://api.openai.com'), 'v1');
  const project = idSetting(access.settings, 'project_id');
  return {
    provider,
    method,
    url: `${base}/organization/projects/${project}/service_accounts${path}`,
    headers: { authorization: `Bearer ${access.secret}` },
    ...(body ? { body } : {}),
  };
}

/**
 * One service account for each key: a service account's key cannot be deleted by itself, only with the account
 * (https://platform.openai.com/docs/api-reference/project-api-keys/delete). So the external id is the account's.
 */
export const openaiKeys: KeyManagement = {
  canCreateKeys: true,
  needsAdminCredential: true,

  problemOf(settings) {
    const problem = commonProblem(settings);
    if (problem !== null || !usesProviderApi(settings)) return problem;
    return idProblem(settings, 'project_id', "the project's id, such as proj_abc");
  },

  async createKey(access, label) {
    const account = await callForKeys(access, request(access, 'POST', '', { name: label }));
    return {
      externalId: textIn(account, 'id', provider),
      secret: textIn(fieldIn(account, 'api_key'), 'value', provider),
      expiresAt: null,
    };
  },

  async revokeKey(access, externalId) {
    await callForKeysIfThere(access, request(access, 'DELETE', `/${encodeURIComponent(externalId)}`));
  },

  async findKeys(access, label) {
    const found: { externalId: string }[] = [];
    let after = '';
    for (let page = 0; page < maxPages; page += 1) {
      const body = await callForKeys(access, request(access, 'GET', `?limit=100${after}`));
      for (const account of listIn(body, 'data')) {
        if (fieldIn(account, 'name') === label) found.push({ externalId: textIn(account, 'id', provider) });
      }
      if (fieldIn(body, 'has_more') !== true) break;
      after = `&after=${encodeURIComponent(textIn(body, 'last_id', provider))}`;
    }
    return found;
  },
};
