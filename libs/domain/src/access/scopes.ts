/** What a service token may do: one pair for each group of routes. `*` stands for all of them. */
export const scopes = [
  'organizations:read',
  'organizations:write',
  'workspaces:read',
  'workspaces:write',
  'keys:read',
  'keys:write',
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

export function grants(granted: readonly string[], needed: Scope): boolean {
  return granted.includes('*') || granted.includes(needed);
}

/** A token may hand on only what it has itself. */
export function grantsAll(granted: readonly string[], wanted: readonly string[]): boolean {
  return granted.includes('*') || wanted.every((scope) => granted.includes(scope));
}
