import { dateOf, field } from './answer-fields';
import { without } from './base-url-path';
import { httpDriver } from './http.driver';
import type { KeyFacts } from './probe-spec';

/** Only the hub itself knows tokens: not its router, nor an endpoint of one's own. */
function hubOf(baseUrl: string): string {
  const hosts = URL.canParse(baseUrl) ? new URL(baseUrl).hostname : '';
  return /(^|\.)huggingface\.(co|cloud)$/.test(hosts) ? 'https://huggingface.co' : without(baseUrl, '/v1');
}

function factsOf(body: unknown): KeyFacts {
  const expiresAt = dateOf(field(body, 'auth', 'expiresAt'));
  const isFineGrained = field(body, 'auth', 'accessToken', 'role') === 'fineGrained';
  const detail = 'The token is good. It is fine-grained: see that it may call Inference Providers.';
  return isFineGrained ? { expiresAt, detail } : { expiresAt };
}

export const huggingfaceDriver = httpDriver({
  kind: 'huggingface',
  inference: {
    request: (baseUrl) => ({
      method: 'GET',
      url: `${hubOf(baseUrl)}/api/whoami-v2`,
      keyHeader: 'bearer',
    }),
    isGood: (body) => typeof field(body, 'name') === 'string' && typeof field(body, 'type') === 'string',
    factsOf,
  },
});
