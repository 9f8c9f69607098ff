/**
 * Every call that this client can make: LiteLLM's open-source management API, nothing else. A whole-stack test holds this
 * table against the running LiteLLM's own /openapi.json.
 */
export const litellmEndpoints = {
  modelInfo: { method: 'GET', path: '/model/info' },
  teamNew: { method: 'POST', path: '/team/new' },
  teamUpdate: { method: 'POST', path: '/team/update' },
  teamDelete: { method: 'POST', path: '/team/delete' },
  /** Not /team/info, whose answer carries all keys of the team. */
  teamList: { method: 'GET', path: '/v2/team/list' },
  keyInfo: { method: 'GET', path: '/key/info' },
  keyGenerate: { method: 'POST', path: '/key/generate' },
  keyUpdate: { method: 'POST', path: '/key/update' },
  keyDelete: { method: 'POST', path: '/key/delete' },
  keyList: { method: 'GET', path: '/key/list' },
} as const satisfies Record<string, { method: 'GET' | 'POST'; path: string }>;

export type LitellmEndpoint = keyof typeof litellmEndpoints;
