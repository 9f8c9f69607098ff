import type { ServiceTokenEntity } from '@signalbox/database';
import type {
  CreateServiceToken,
  ServiceTokenFilter,
  ServiceTokenStatus,
  ServiceTokenWithValue,
} from '@signalbox/domain/service-tokens';
import type {
  CreateServiceTokenBody,
  ListServiceTokensQuery,
  ServiceTokenView,
  ServiceTokenWithValueView,
} from './service-token.dto';

function statusOf(token: ServiceTokenEntity, now: Date): ServiceTokenStatus {
  if (token.revokedAt) return 'revoked';
  return token.expiresAt && token.expiresAt <= now ? 'expired' : 'active';
}

export function toServiceTokenView(token: ServiceTokenEntity, now: Date): ServiceTokenView {
  return {
    id: token.id,
    name: token.name,
    organization_id: token.organizationId,
    scopes: token.scopes,
    token_name: token.tokenName,
    status: statusOf(token, now),
    expires_at: token.expiresAt?.toISOString() ?? null,
    revoked_at: token.revokedAt?.toISOString() ?? null,
    last_used_at: token.lastUsedAt?.toISOString() ?? null,
    created_by: token.createdBy,
    created_at: token.createdAt.toISOString(),
  };
}

export function toServiceTokenWithValueView(
  made: ServiceTokenWithValue,
  now: Date,
): ServiceTokenWithValueView {
  return { ...toServiceTokenView(made.token, now), token: made.value };
}

export function toCreateServiceToken(body: CreateServiceTokenBody): CreateServiceToken {
  const { name, scopes, organization_id, duration } = body;
  return { name, scopes, organizationId: organization_id, duration };
}

export function toServiceTokenFilter(query: ListServiceTokensQuery): ServiceTokenFilter {
  return { organizationId: query.organization_id, search: query.search, status: query.status };
}
