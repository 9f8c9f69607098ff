import type { GatewayErrorCode } from './gateway-error-codes';
import { listsAllow } from './model-allowlist';
import type { KeyDocument, OrganizationDocument, WorkspaceDocument } from './projection.documents';

export interface KeyCheckInput {
  key: KeyDocument;
  workspace: WorkspaceDocument | null;
  organization: OrganizationDocument | null;
  nowMs: number;
  /** null: the model is not known yet, or the route has none. */
  model: string | null;
}

export type KeyVerdict = { allowed: true } | { allowed: false; code: GatewayErrorCode };

function deny(code: GatewayErrorCode): KeyVerdict {
  return { allowed: false, code };
}

/** A date that cannot be read counts as past. */
function isExpired(expiresAt: string | null, nowMs: number): boolean {
  return expiresAt !== null && !(Date.parse(expiresAt) > nowMs);
}

function checkKeyItself(key: KeyDocument, nowMs: number): KeyVerdict {
  if (key.status === 'deleted') return deny('key_deleted');
  if (key.status === 'revoked') return deny('key_revoked');
  if (isExpired(key.expires_at, nowMs)) return deny('key_expired');
  if (key.status === 'blocked') return deny('key_blocked');
  return key.status === 'active' ? { allowed: true } : deny('policy_unavailable');
}

/** May this key be used now, and for this model? Whatever is missing or does not fit together is denied. */
export function checkKey({ key, workspace, organization, nowMs, model }: KeyCheckInput): KeyVerdict {
  const own = checkKeyItself(key, nowMs);
  if (!own.allowed) return own;
  if (!workspace || !organization) return deny('policy_unavailable');
  const belongsTogether =
    workspace.id === key.workspace_id &&
    organization.id === key.organization_id &&
    workspace.organization_id === key.organization_id;
  if (!belongsTogether) return deny('policy_unavailable');
  if (organization.deleted) return deny('organization_deleted');
  if (organization.blocked) return deny('organization_blocked');
  if (workspace.deleted) return deny('workspace_deleted');
  if (workspace.blocked) return deny('workspace_blocked');
  if (model !== null && !listsAllow([key.models, workspace.models], model)) return deny('model_not_allowed');
  return { allowed: true };
}
