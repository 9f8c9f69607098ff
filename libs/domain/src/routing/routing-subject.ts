import type { RoutingScope } from '@signalbox/database';

/** Whose rules: everybody's, an organization's, a workspace's. */
export interface RoutingSubject {
  readonly scope: RoutingScope;
  /** Of the workspace or the organization, or `platform`. */
  readonly id: string;
}

export const platformSubject: RoutingSubject = { scope: 'platform', id: 'platform' };

export function workspaceSubject(id: string): RoutingSubject {
  return { scope: 'workspace', id };
}

export function organizationSubject(id: string): RoutingSubject {
  return { scope: 'organization', id };
}
