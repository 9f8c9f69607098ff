import { Inject, Injectable } from '@nestjs/common';
import {
  AppError,
  type Clock,
  decodeIdCursor,
  invalidField,
  newId,
  type Page,
  parseDurationMs,
  toPage,
} from '@signalbox/common';
import { ServiceTokenEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, type GrantedScope, grantsAll, requireScope, tenantOf } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK } from '@signalbox/domain/core';
import {
  generateServiceTokenValue,
  hashServiceTokenValue,
  previewServiceTokenValue,
} from '@signalbox/gateway';
import type { EntityManager } from 'typeorm';
import { type ServiceTokenFilter, ServiceTokenRepository } from './service-token.repository';

/** A date far in the future is a typing error. */
const maxDurationMs = 3_650 * 86_400_000;

export interface CreateServiceToken {
  name: string;
  scopes: GrantedScope[];
  /** null: bound to the platform. Left out: bound as the caller is. */
  organizationId?: string | null | undefined;
  /** From now on, such as 90d; null: it never expires. */
  duration?: string | null | undefined;
}

/** Right after it was made: the only time at which its value can be shown. */
export interface ServiceTokenWithValue {
  token: ServiceTokenEntity;
  value: string;
}

@Injectable()
export class ServiceTokenService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: ServiceTokenRepository,
    private readonly audit: AuditTrail,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Nobody hands on more than they have: neither scopes nor another organization. */
  async create(caller: Caller, input: CreateServiceToken): Promise<ServiceTokenWithValue> {
    requireScope(caller, 'tokens:write');
    if (!grantsAll(caller.scopes, input.scopes)) {
      throw new AppError('scope_missing', 'A token can hand on only scopes that it has itself.');
    }
    const organizationId = input.organizationId === undefined ? caller.organizationId : input.organizationId;
    if (organizationId === null && caller.organizationId !== null) {
      throw new AppError(
        'platform_only',
        'Only a platform token can make one that is bound to the platform.',
      );
    }
    const made = this.newRow(caller, input, organizationId);
    await this.transactions.run(tenantOf(caller), async (manager) => {
      if (organizationId !== null && !(await this.repository.hasOrganization(manager, organizationId))) {
        throw new AppError(
          'organization_not_found',
          'Check organization_id; GET /api/v1/organizations lists the known ones.',
        );
      }
      await this.repository.insert(manager, made.token);
      const { name, scopes, expiresAt } = made.token;
      await this.record(manager, caller, made.token, 'created', { name, scopes, expiresAt });
    });
    return made;
  }

  async list(
    caller: Caller,
    filter: ServiceTokenFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<ServiceTokenEntity>> {
    requireScope(caller, 'tokens:read');
    const page = { limit: limit + 1, before: decodeIdCursor('serviceToken', cursor), now: this.clock.now() };
    const rows = await this.transactions.run(tenantOf(caller), (manager) =>
      this.repository.list(manager, filter, page),
    );
    return toPage(
      rows,
      limit,
      (row) => row.id,
      (row) => row,
    );
  }

  async get(caller: Caller, id: string): Promise<ServiceTokenEntity> {
    requireScope(caller, 'tokens:read');
    return this.transactions.run(tenantOf(caller), async (manager) =>
      known(await this.repository.find(manager, id)),
    );
  }

  /** For good, and in force with the next request. A second time changes nothing. */
  async revoke(caller: Caller, id: string): Promise<ServiceTokenEntity> {
    requireScope(caller, 'tokens:write');
    return this.transactions.run(tenantOf(caller), async (manager) => {
      const token = known(await this.repository.findForUpdate(manager, id));
      if (token.revokedAt) return token;
      token.revokedAt = this.clock.now();
      await this.repository.setRevoked(manager, id, token.revokedAt);
      await this.record(manager, caller, token, 'revoked', {});
      return token;
    });
  }

  private newRow(
    caller: Caller,
    input: CreateServiceToken,
    organizationId: string | null,
  ): ServiceTokenWithValue {
    const now = this.clock.now();
    const value = generateServiceTokenValue();
    const expiresAt = input.duration ? expiryOf(input.duration, now) : null;
    const token = Object.assign(new ServiceTokenEntity(), {
      id: newId('serviceToken', now.getTime()),
      organizationId,
      name: input.name,
      tokenHash: hashServiceTokenValue(value),
      tokenName: previewServiceTokenValue(value),
      scopes: [...new Set(input.scopes)],
      expiresAt,
      revokedAt: null,
      lastUsedAt: null,
      createdBy: caller.actorId,
      createdAt: now,
    });
    return { token, value };
  }

  private async record(
    manager: EntityManager,
    caller: Caller,
    token: ServiceTokenEntity,
    what: 'created' | 'revoked',
    changes: Record<string, unknown>,
  ): Promise<void> {
    await this.audit.record(manager, caller, {
      action: `service_token.${what}`,
      targetType: 'service_token',
      targetId: token.id,
      organizationId: token.organizationId,
      changes,
    });
  }
}

function expiryOf(duration: string, now: Date): Date {
  const durationMs = parseDurationMs(duration);
  if (durationMs <= maxDurationMs) return new Date(now.getTime() + durationMs);
  throw invalidField('duration', 'must be at most 3650d; null means that the token never expires');
}

function known(token: ServiceTokenEntity | null): ServiceTokenEntity {
  if (token) return token;
  throw new AppError(
    'service_token_not_found',
    'Check the id; GET /api/v1/service-tokens lists the known ones.',
  );
}
