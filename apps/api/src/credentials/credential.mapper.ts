import type { CredentialEntity } from '@signalbox/database';
import {
  type CreateCredential,
  type CredentialFilter,
  type CredentialSettings,
  maskedKey,
  type RevealedCredential,
  type SaveMemberKey,
  type UpdateCredential,
} from '@signalbox/domain/credentials';
import type { ProbeResult } from '@signalbox/domain/provider-drivers';
import type {
  CreateCredentialBody,
  ListCredentialsQuery,
  SaveMemberKeyBody,
  UpdateCredentialBody,
} from './credential.dto';
import type {
  CheckedCredentialView,
  CredentialCheckView,
  CredentialProviderView,
  CredentialView,
  RevealedCredentialView,
} from './credential.view';

type SettingsBody = Omit<UpdateCredentialBody, 'version'>;

function toSettings(body: SettingsBody): CredentialSettings {
  return {
    name: body.name,
    baseUrl: body.base_url,
    expiresAt: typeof body.expires_at === 'string' ? new Date(body.expires_at) : body.expires_at,
    enabled: body.enabled,
    metadata: body.metadata,
    rotateEveryDays: body.rotate_every_days,
    rotation: body.rotation,
  };
}

export function toCreate(body: CreateCredentialBody): CreateCredential {
  return {
    ...toSettings(body),
    provider: body.provider,
    apiKey: body.api_key,
    purpose: body.purpose,
    ownerType: body.owner_type,
    organizationId: body.organization_id,
    workspaceId: body.workspace_id,
    userId: body.user_id,
  };
}

export function toUpdate(body: UpdateCredentialBody): UpdateCredential {
  return { ...toSettings(body), version: body.version };
}

export function toMemberKey(body: SaveMemberKeyBody): SaveMemberKey {
  const { enabled: _enabled, ...settings } = toSettings(body);
  return { ...settings, provider: body.provider, apiKey: body.api_key };
}

export function toFilter(query: ListCredentialsQuery): CredentialFilter {
  return {
    provider: query.provider,
    providerId: query.provider_id,
    ownerType: query.owner_type,
    organizationId: query.organization_id,
    workspaceId: query.workspace_id,
    userId: query.user_id,
    state: query.state,
    enabled: query.enabled,
    purpose: query.purpose,
  };
}

const textOf = (time: Date | null): string | null => time?.toISOString() ?? null;

function toProviderView({ providerId, provider }: CredentialEntity): CredentialProviderView {
  return { id: providerId, name: provider?.name ?? '', kind: provider?.kind ?? '' };
}

/** @param credential with its provider loaded */
export function toCredentialView(credential: CredentialEntity): CredentialView {
  return {
    id: credential.id,
    provider: toProviderView(credential),
    owner_type: credential.ownerType,
    organization_id: credential.organizationId,
    workspace_id: credential.workspaceId,
    user_id: credential.userId,
    purpose: credential.purpose,
    source: credential.source,
    reference: credential.reference,
    name: credential.name,
    key_name: maskedKey(credential),
    last4: credential.last4,
    fingerprint: credential.fingerprint,
    base_url: credential.baseUrl,
    enabled: credential.enabled,
    state: credential.state,
    state_reason: credential.stateReason,
    state_detail: credential.stateDetail,
    state_since: credential.stateSince.toISOString(),
    verified_at: textOf(credential.verifiedAt),
    checked_at: textOf(credential.checkedAt),
    next_check_at: textOf(credential.nextCheckAt),
    expires_at: textOf(credential.expiresAt),
    last_used_at: textOf(credential.lastUsedAt),
    rotate_every_days: credential.rotateEveryDays,
    next_rotation_at: textOf(credential.nextRotationAt),
    rotation: credential.rotation,
    metadata: credential.metadata,
    version: credential.version,
    created_by: credential.createdBy,
    created_at: credential.createdAt.toISOString(),
    updated_at: credential.updatedAt.toISOString(),
  };
}

function toCheckView(result: ProbeResult): CredentialCheckView {
  return {
    ok: result.outcome === 'valid',
    outcome: result.outcome,
    detail: result.detail,
    http_status: result.httpStatus,
    code: result.code,
    certainty: result.certainty,
  };
}

export function toCheckedView(
  credential: CredentialEntity,
  result: ProbeResult | null,
): CheckedCredentialView {
  return { ...toCredentialView(credential), check: result && toCheckView(result) };
}

export function toRevealedView({ credential, secret }: RevealedCredential): RevealedCredentialView {
  return {
    id: credential.id,
    provider: toProviderView(credential),
    api_key: secret,
    base_url: credential.baseUrl,
    state: credential.state,
    expires_at: textOf(credential.expiresAt),
  };
}
