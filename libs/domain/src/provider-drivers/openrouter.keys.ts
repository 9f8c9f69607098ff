import { sha256Hex } from '@signalbox/common';
import type { KeyManagement, KeyManagementAccess } from './provider-driver';
import { baseOf, callForKeys, callForKeysIfThere } from './provider-key-call';
import { commonProblem, dateIn, fieldIn, idProblem, idSetting, listIn, textIn } from './provider-key-fields';

const provider = 'OpenRouter';
/** The API's own, which it offers no way to change. */
const pageSize = 100;
const maxPages = 100;

function request(
  access: KeyManagementAccess,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
) {
  return {
    provider,
    method,
    url: `${baseOf(access, 'https://openrouter.ai/api/v1')}/keys${path}`,
    headers: { authorization: `Bearer ${access.secret}` },
    ...(body ? { body } : {}),
  };
}

function hasWorkspace(settings: Record<string, unknown>): boolean {
  return settings['workspace_id'] !== undefined && settings['workspace_id'] !== null;
}

/** With a management key, which cannot do inference. The external id is the key's `hash`. */
export const openrouterKeys: KeyManagement = {
  canCreateKeys: true,
  needsAdminCredential: true,

  problemOf: (settings) =>
    commonProblem(settings) ??
    (hasWorkspace(settings) ? idProblem(settings, 'workspace_id', "the OpenRouter workspace's id") : null),

  async createKey(access, label) {
    const workspace = hasWorkspace(access.settings) ? { workspace_id: access.settings['workspace_id'] } : {};
    const body = await callForKeys(access, request(access, 'POST', '', { name: label, ...workspace }));
    const data = fieldIn(body, 'data');
    return {
      externalId: textIn(data, 'hash', provider),
      secret: textIn(body, 'key', provider),
      expiresAt: dateIn(data, 'expires_at'),
    };
  },

  /** Disabled first: should the deletion fail, the key is out of use all the same. */
  async revokeKey(access, externalId) {
    const path = `/${encodeURIComponent(externalId)}`;
    const known = await callForKeysIfThere(access, request(access, 'PATCH', path, { disabled: true }));
    if (known) await callForKeysIfThere(access, request(access, 'DELETE', path));
  },

  async findKeys(access, label) {
    const found: { externalId: string }[] = [];
    const workspace = hasWorkspace(access.settings)
      ? `&workspace_id=${idSetting(access.settings, 'workspace_id')}`
      : '';
    for (let page = 0; page < maxPages; page += 1) {
      const path = `?offset=${page * pageSize}&include_disabled=true${workspace}`;
      const keys = listIn(await callForKeys(access, request(access, 'GET', path)), 'data');
      for (const key of keys) {
        if (fieldIn(key, 'name') === label) found.push({ externalId: textIn(key, 'hash', provider) });
      }
      if (keys.length < pageSize) break;
    }
    return found;
  },

  /** The hash is said to be the key's SHA-256; an answer for that hash proves it. */
  async identifyKey(access, secret) {
    const hash = sha256Hex(secret);
    const known = await callForKeysIfThere(access, request(access, 'GET', `/${hash}`));
    return fieldIn(fieldIn(known, 'data'), 'hash') === hash ? hash : null;
  },
};
