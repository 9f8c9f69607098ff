import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Clock, decodeCursor, isId, type Page, toPage } from '@signalbox/common';
import {
  isUniqueViolation,
  type OutboxTopic,
  TenantTransactions,
  type VirtualKeyEntity,
} from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK, requireVersion } from '@signalbox/domain/core';
import { OutboxRepository } from '@signalbox/domain/outbox';
import { ProjectionService } from '@signalbox/domain/projection';
import type { EntityManager } from 'typeorm';
import { applySettings, auditedChanges, parseOverlapMs } from './virtual-key-changes';
import { VirtualKeyFactory } from './virtual-key.factory';
import { VirtualKeyRepository } from './virtual-key.repository';
import type {
  CreateVirtualKey,
  UpdateVirtualKey,
  VirtualKeyDetails,
  VirtualKeyFilter,
  VirtualKeyWithValue,
} from './virtual-key.types';

const topics: readonly OutboxTopic[] = ['project.virtual_key', 'mirror.virtual_key'];
const createdFields = ['keyAlias', 'userId', 'serviceId', 'models', 'maxBudget', 'blocked', 'expiresAt'];
/** The current one and those that still run out. */
const maxLiveValues = 5;

@Injectable()
export class VirtualKeyService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: VirtualKeyRepository,
    private readonly factory: VirtualKeyFactory,
    private readonly outbox: OutboxRepository,
    private readonly audit: AuditTrail,
    private readonly projection: ProjectionService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async create(caller: Caller, input: CreateVirtualKey): Promise<VirtualKeyWithValue> {
    requireScope(caller, 'keys:write');
    const made = await this.write(caller, async (manager) => {
      const workspace = await this.repository.lockWorkspace(manager, input.workspaceId);
      if (!workspace) {
        throw new AppError(
          'workspace_not_found',
          'Check workspace_id; GET /api/v1/workspaces lists the known ones.',
        );
      }
      const key = this.factory.key(caller, workspace, input);
      await this.requireService(manager, key);
      const { secret, value } = this.factory.secret(key);
      await this.repository.insert(manager, key);
      await this.repository.insertSecret(manager, secret);
      await this.announce(manager, caller, key, 'created', {
        workspaceId: key.workspaceId,
        keyName: secret.keyName,
        ...auditedChanges(key, createdFields),
      });
      return { key, secrets: [secret], value };
    });
    return this.live(made);
  }

  async list(
    caller: Caller,
    filter: VirtualKeyFilter,
    limit: number,
    cursor?: string,
  ): Promise<Page<VirtualKeyDetails>> {
    requireScope(caller, 'keys:read');
    const before = cursor === undefined ? null : positionOf(cursor);
    // Row-level security decides; naming the organization as well lets PostgreSQL use its index.
    const organizationId = filter.organizationId ?? caller.organizationId ?? undefined;
    const ownFilter = organizationId === undefined ? filter : { ...filter, organizationId };
    return this.transactions.run(tenantOf(caller), async (manager) => {
      const page = { limit: limit + 1, before, now: this.clock.now() };
      const keys = await this.repository.list(manager, ownFilter, page);
      const details = await this.withSecrets(manager, keys.slice(0, limit));
      const shown = new Map(details.map((detail) => [detail.key.id, detail]));
      return toPage(
        keys,
        limit,
        ({ id }) => id,
        (key) => shown.get(key.id) ?? { key, secrets: [] },
      );
    });
  }

  async get(caller: Caller, id: string): Promise<VirtualKeyDetails> {
    requireScope(caller, 'keys:read');
    return this.transactions.run(tenantOf(caller), async (manager) => {
      const key = known(await this.repository.find(manager, id));
      return { key, secrets: await this.repository.secretsOf(manager, [id]) };
    });
  }

  async update(caller: Caller, id: string, input: UpdateVirtualKey): Promise<VirtualKeyDetails> {
    requireScope(caller, 'keys:write');
    const updated = await this.write(caller, async (manager) => {
      const key = notRevoked(known(await this.repository.findForUpdate(manager, id)));
      const { version, ...settings } = input;
      requireVersion(key, version);
      const changed = applySettings(key, settings, this.clock.now());
      if (changed.includes('serviceId')) await this.requireService(manager, key);
      if (changed.length > 0) {
        await this.save(manager, key);
        await this.announce(manager, caller, key, 'updated', auditedChanges(key, changed));
      }
      return this.details(manager, key);
    });
    return this.live(updated);
  }

  /** A new value. The older ones end after the overlap, or earlier if they were to end earlier. */
  async rotate(caller: Caller, id: string, overlap: string): Promise<VirtualKeyWithValue> {
    requireScope(caller, 'keys:write');
    const overlapMs = parseOverlapMs(overlap);
    const rotated = await this.write(caller, async (manager) => {
      const key = notRevoked(known(await this.repository.findForUpdate(manager, id)));
      await this.endOlderValues(manager, key, overlapMs);
      const { secret, value } = this.factory.secret(key);
      await this.repository.insertSecret(manager, secret);
      await this.save(manager, key);
      await this.announce(manager, caller, key, 'rotated', { overlap, keyName: secret.keyName });
      return { ...(await this.details(manager, key)), value };
    });
    return this.live(rotated);
  }

  /** For good. A second time changes nothing. */
  async revoke(caller: Caller, id: string): Promise<VirtualKeyDetails> {
    requireScope(caller, 'keys:write');
    const revoked = await this.write(caller, async (manager) => {
      const key = known(await this.repository.findForUpdate(manager, id));
      if (!key.revokedAt) {
        key.revokedAt = this.clock.now();
        await this.save(manager, key);
        await this.announce(manager, caller, key, 'revoked', {});
      }
      return this.details(manager, key);
    });
    return this.live(revoked);
  }

  /** The row stays for the record; its alias is free again. */
  async delete(caller: Caller, id: string): Promise<VirtualKeyDetails> {
    requireScope(caller, 'keys:write');
    const deleted = await this.write(caller, async (manager) => {
      const key = known(await this.repository.findForUpdate(manager, id));
      key.deletedAt = this.clock.now();
      await this.save(manager, key);
      await this.announce(manager, caller, key, 'deleted', {});
      return { key, secrets: [] };
    });
    return this.live(deleted);
  }

  /** Held until the end of the transaction, so that the service cannot be deleted under the key. */
  private async requireService(
    manager: EntityManager,
    { organizationId, serviceId }: VirtualKeyEntity,
  ): Promise<void> {
    if (serviceId === null || (await this.repository.lockService(manager, organizationId, serviceId))) return;
    throw new AppError(
      'service_not_found',
      "Check service_id: a service of the key's own organization; GET /api/v1/services lists the known ones.",
    );
  }

  private async endOlderValues(
    manager: EntityManager,
    key: VirtualKeyEntity,
    overlapMs: number,
  ): Promise<void> {
    const now = this.clock.now();
    if (overlapMs > 0 && (await this.repository.countLiveValues(manager, key.id, now)) >= maxLiveValues) {
      throw new AppError(
        'virtual_key_too_many_values',
        `${maxLiveValues} values of this key are still valid. Wait until one has run out, or rotate with overlap 0s, which ends all older ones.`,
      );
    }
    await this.repository.endValues(manager, key.id, new Date(now.getTime() + overlapMs));
  }

  private async save(manager: EntityManager, key: VirtualKeyEntity): Promise<void> {
    const now = this.clock.now();
    key.version += 1;
    key.updatedAt = now;
    await this.repository.save(manager, key);
    await this.repository.markMirrorPending(manager, key, now);
  }

  private async announce(
    manager: EntityManager,
    caller: Caller,
    key: VirtualKeyEntity,
    what: 'created' | 'updated' | 'rotated' | 'revoked' | 'deleted',
    changes: Record<string, unknown>,
  ): Promise<void> {
    await this.outbox.add(manager, topics, key.id, key.organizationId);
    await this.audit.record(manager, caller, {
      action: `virtual_key.${what}`,
      targetType: 'virtual_key',
      targetId: key.id,
      organizationId: key.organizationId,
      changes,
    });
  }

  /** After the commit, and before the answer. */
  private async live<Result extends VirtualKeyDetails>(result: Result): Promise<Result> {
    await this.projection.drainNow(topics, result.key.id);
    return result;
  }

  private async write<Result>(
    caller: Caller,
    work: (manager: EntityManager) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await this.transactions.run(tenantOf(caller), work);
    } catch (error) {
      if (!isUniqueViolation(error, 'virtual_keys_alias_key')) throw error;
      throw new AppError(
        'virtual_key_alias_taken',
        'Another virtual key of this workspace has this key_alias. Choose another one, or delete that key.',
        { fields: [{ field: 'key_alias', message: 'is taken in this workspace' }] },
      );
    }
  }

  private async details(manager: EntityManager, key: VirtualKeyEntity): Promise<VirtualKeyDetails> {
    return { key, secrets: await this.repository.secretsOf(manager, [key.id]) };
  }

  private async withSecrets(manager: EntityManager, keys: VirtualKeyEntity[]): Promise<VirtualKeyDetails[]> {
    const secrets = await this.repository.secretsOf(
      manager,
      keys.map(({ id }) => id),
    );
    return keys.map((key) => ({ key, secrets: secrets.filter((secret) => secret.virtualKeyId === key.id) }));
  }
}

function positionOf(cursor: string): string {
  const position = decodeCursor(cursor);
  if (isId('virtualKey', position)) return position;
  throw new AppError('cursor_invalid', 'Send the next_cursor of the previous page unchanged, or none.');
}

function known(key: VirtualKeyEntity | null): VirtualKeyEntity {
  if (key) return key;
  throw new AppError('virtual_key_not_found', 'Check the id; GET /api/v1/keys lists the known ones.');
}

function notRevoked(key: VirtualKeyEntity): VirtualKeyEntity {
  if (!key.revokedAt) return key;
  throw new AppError('virtual_key_revoked', 'A revoked key stays revoked. Create a new one.');
}
