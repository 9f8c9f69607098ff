import { dateOf, field } from './answer-fields';
import { httpDriver } from './http.driver';
import { openrouterKeys } from './openrouter.keys';
import type { KeyFacts, ProbeSpec } from './probe-spec';

/** Not /models: that list is public and answers 200 to a made-up key. */
function asksForKey(factsOf: (body: unknown) => KeyFacts): ProbeSpec {
  return {
    request: (baseUrl) => ({ method: 'GET', url: `${baseUrl}/key`, keyHeader: 'bearer' }),
    isGood: (body) => typeof field(body, 'data') === 'object' && field(body, 'data') !== null,
    factsOf,
  };
}

const isManagementKey = (body: unknown): boolean =>
  field(body, 'data', 'is_management_key') === true || field(body, 'data', 'is_provisioning_key') === true;

function inferenceFacts(body: unknown): KeyFacts {
  const expiresAt = dateOf(field(body, 'data', 'expires_at'));
  if (isManagementKey(body)) {
    const detail = 'This is a management key, which cannot call models. Give an inference key.';
    return { outcome: 'forbidden', detail, expiresAt };
  }
  const remaining = field(body, 'data', 'limit_remaining');
  if (typeof remaining === 'number' && remaining <= 0) {
    return { outcome: 'out_of_credit', detail: 'The credit limit of the key is used up.', expiresAt };
  }
  return { expiresAt };
}

function adminFacts(body: unknown): KeyFacts {
  const expiresAt = dateOf(field(body, 'data', 'expires_at'));
  if (isManagementKey(body)) return { expiresAt };
  return {
    outcome: 'forbidden',
    detail: 'This is an inference key, which cannot make or revoke keys. Give a management key.',
    expiresAt,
  };
}

export const openrouterDriver = httpDriver({
  kind: 'openrouter',
  inference: asksForKey(inferenceFacts),
  admin: asksForKey(adminFacts),
  keys: openrouterKeys,
});
