/** What a service token may do: one pair for each group of routes. `*` stands for all of them. */
export const scopes = [
  'organizations:read',
  'organizations:write',
  'workspaces:read',
  'workspaces:write',
  'keys:read',
  'keys:write',
  'services:read',
  'services:write',
  'usage:read',
  'credentials:read',
  'credentials:write',
  'credentials:reveal',
  'webhooks:read',
  'webhooks:write',
  'maintenance:write',
  'models:read',
  'models:write',
  'releases:read',
  'releases:write',
  'tokens:read',
  'tokens:write',
  'audit:read',
  'status:read',
] as const;

export type Scope = (typeof scopes)[number];
export type GrantedScope = Scope | '*';

/** Scopes that `*` does not stand for: a token has them only if it names them. */
const namedOnly: ReadonlySet<string> = new Set<Scope>(['credentials:reveal']);

export function grants(granted: readonly string[], needed: Scope): boolean {
  return granted.includes(needed) || (granted.includes('*') && !namedOnly.has(needed));
}

/** A token may hand on only what it has itself. */
export function grantsAll(granted: readonly string[], wanted: readonly string[]): boolean {
  return granted.includes('*') || wanted.every((scope) => granted.includes(scope));
}
