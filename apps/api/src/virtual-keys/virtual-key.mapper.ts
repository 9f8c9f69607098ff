import { limitsOf, toLimitSettings } from '@signalbox/domain/limits';
import {
  type CreateVirtualKey,
  isSecretDead,
  mirrorOf,
  type UpdateVirtualKey,
  type VirtualKeyDetails,
  type VirtualKeyFilter,
  type VirtualKeySettings,
  virtualKeyStatus,
  type VirtualKeyWithValue,
} from '@signalbox/domain/virtual-keys';
import type { CreateVirtualKeyBody, ListVirtualKeysQuery, UpdateVirtualKeyBody } from './virtual-key.dto';
import type { VirtualKeyView, VirtualKeyWithValueView } from './virtual-key.view';

/** JSON knows numbers only, PostgreSQL keeps decimals: the shortest text of the number is what the caller wrote. */
export function toDecimal(amount: number): string {
  const text = String(amount);
  return text.includes('e') ? amount.toFixed(9) : text;
}

function given<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]: Exclude<Fields[Name], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Name in keyof Fields]: Exclude<Fields[Name], undefined> };
}

function toSettings(body: Omit<UpdateVirtualKeyBody, 'version'>): VirtualKeySettings {
  const { max_budget: maxBudget } = body;
  return given({
    keyAlias: body.key_alias,
    userId: body.user_id,
    models: body.models,
    maxBudget: typeof maxBudget === 'number' ? toDecimal(maxBudget) : maxBudget,
    budgetDuration: body.budget_duration,
    serviceId: body.service_id,
    ...toLimitSettings(body),
    metadata: body.metadata,
    blocked: body.blocked,
    duration: body.duration,
  }) as VirtualKeySettings;
}

export function toUpdate(body: UpdateVirtualKeyBody): UpdateVirtualKey {
  return body.version === undefined ? toSettings(body) : { ...toSettings(body), version: body.version };
}

export function toCreate(body: CreateVirtualKeyBody): CreateVirtualKey {
  return { ...toSettings(body), workspaceId: body.workspace_id };
}

export function toFilter(query: ListVirtualKeysQuery): VirtualKeyFilter {
  return given({
    workspaceId: query.workspace_id,
    organizationId: query.organization_id,
    status: query.status,
    keyAlias: query.key_alias,
    userId: query.user_id,
    serviceId: query.service_id,
    search: query.search,
  }) as VirtualKeyFilter;
}

export function toVirtualKeyView({ key, secrets }: VirtualKeyDetails, now: Date): VirtualKeyView {
  const live = secrets.filter((secret) => !isSecretDead(key, secret, now));
  return {
    id: key.id,
    key_name: secrets[0]?.keyName ?? '',
    key_alias: key.keyAlias,
    user_id: key.userId,
    workspace_id: key.workspaceId,
    organization_id: key.organizationId,
    models: key.models,
    max_budget: key.maxBudget === null ? null : Number(key.maxBudget),
    budget_duration: key.budgetDuration,
    service_id: key.serviceId,
    ...limitsOf(key),
    expires_at: key.expiresAt?.toISOString() ?? null,
    metadata: key.metadata,
    blocked: key.blocked,
    status: virtualKeyStatus(key, now),
    values: live.map(({ keyName, createdAt, validUntil }) => ({
      key_name: keyName,
      created_at: createdAt.toISOString(),
      valid_until: validUntil?.toISOString() ?? null,
    })),
    mirror: mirrorOf(secrets),
    created_by: key.createdBy,
    version: key.version,
    created_at: key.createdAt.toISOString(),
    updated_at: key.updatedAt.toISOString(),
    revoked_at: key.revokedAt?.toISOString() ?? null,
  };
}

export function toVirtualKeyWithValueView(made: VirtualKeyWithValue, now: Date): VirtualKeyWithValueView {
  return { ...toVirtualKeyView(made, now), key: made.value };
}
