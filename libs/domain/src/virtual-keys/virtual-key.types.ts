import type { VirtualKeyEntity, VirtualKeySecretEntity } from '@signalbox/database';
import type { LimitSettings } from '@signalbox/domain/limits';

/** Fields that create and update share. Money is a decimal text; durations are LiteLLM's (30d, 12h). */
export interface VirtualKeySettings extends LimitSettings {
  keyAlias?: string | null;
  /** The member whose provider keys pay first; a name that is the organization's own. */
  userId?: string | null;
  models?: string[];
  maxBudget?: string | null;
  budgetDuration?: string | null;
  /** The product or app that it serves, of the same organization. */
  serviceId?: string | null;
  metadata?: Record<string, unknown>;
  blocked?: boolean;
  /** From now on; null: the key never expires. */
  duration?: string | null;
}

export interface CreateVirtualKey extends VirtualKeySettings {
  workspaceId: string;
}

export interface UpdateVirtualKey extends VirtualKeySettings {
  /** The one that the caller read; left out, the change is made in any case. */
  version?: number;
}

export const virtualKeyStatuses = ['active', 'blocked', 'expired', 'revoked'] as const;
export type VirtualKeyStatus = (typeof virtualKeyStatuses)[number];

export interface VirtualKeyFilter {
  workspaceId?: string;
  organizationId?: string;
  status?: VirtualKeyStatus;
  keyAlias?: string;
  userId?: string;
  serviceId?: string;
  /** Part of the alias, of the shown end of a value, or of the id. */
  search?: string;
}

export interface VirtualKeyDetails {
  key: VirtualKeyEntity;
  /** Its values, the newest first, also those that ended. */
  secrets: VirtualKeySecretEntity[];
}

/** Right after a value was made: the only time at which it can be shown. */
export interface VirtualKeyWithValue extends VirtualKeyDetails {
  value: string;
}
