import type { KeyManagement, KeyManagementAccess } from './provider-driver';
import { baseOf, callForKeys } from './provider-key-call';
import { commonProblem, textIn } from './provider-key-fields';
import { ProviderKeyError } from './provider-key-error';

const provider = 'Perplexity';

function request(access: KeyManagementAccess, path: string, body: object) {
  return {
    provider,
    method: 'POST' as const,
    url: `${baseOf(access, 'https://api.perplexity.ai')}/${path}`,
    headers: { authorization: `Bearer ${access.secret}` },
    body,
  };
}

/**
 * Each key makes its successor, and revokes itself. Keys have no ids and cannot be listed, so a key whose answer was lost
 * stays at the provider under the rotation's name, unused, until a person deletes it.
 */
export const perplexityKeys: KeyManagement = {
  canCreateKeys: true,
  needsAdminCredential: false,

  problemOf: commonProblem,

  async createKey(access, label) {
    const body = await callForKeys(access, request(access, 'generate_auth_token', { token_name: label }));
    return { externalId: label, secret: textIn(body, 'auth_token', provider), expiresAt: null };
  },

  async revokeKey(access) {
    try {
      await callForKeys(access, request(access, 'revoke_auth_token', { auth_token: access.secret }));
    } catch (error) {
      const isGone = error instanceof ProviderKeyError && [401, 404].includes(error.httpStatus ?? 0);
      if (!isGone) throw error;
    }
  },

  findKeys: () => Promise.resolve([]),
};
