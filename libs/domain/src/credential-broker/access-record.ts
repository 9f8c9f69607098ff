import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { Clock, Logger } from '@signalbox/common';
import { TenantTransactions } from '@signalbox/database';
import { systemCaller } from '@signalbox/domain/access';
import { AuditTrail } from '@signalbox/domain/audit';
import { CLOCK, LOGGER, REDIS, REDIS_PREFIX } from '@signalbox/domain/core';
import type { Redis } from 'ioredis';
import type { LeasableCredential } from './lease.repository';

const everyMs = 3_600_000;
const limit = 10_000;
const caller = systemCaller('credential-broker');

type UsedCredential = Pick<LeasableCredential, 'id' | 'organizationId' | 'ownerKey' | 'fingerprint'>;

/** Writes into the audit trail that a credential was handed out: once an hour for each, however many calls there are. */
@Injectable()
export class AccessRecord implements BeforeApplicationShutdown {
  private readonly recordedAtMs = new Map<string, number>();
  private readonly writing = new Set<Promise<void>>();

  constructor(
    private readonly transactions: TenantTransactions,
    private readonly audit: AuditTrail,
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(REDIS_PREFIX) private readonly prefix: string,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Returns at once: no call waits for its own record. */
  note(credential: UsedCredential): void {
    const nowMs = this.clock.nowMs();
    const last = this.recordedAtMs.get(credential.id);
    if (last !== undefined && nowMs - last < everyMs) return;
    this.remember(credential.id, nowMs);
    const write = this.write(credential).finally(() => this.writing.delete(write));
    this.writing.add(write);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.writing);
  }

  private remember(credentialId: string, nowMs: number): void {
    this.recordedAtMs.delete(credentialId);
    const oldest = this.recordedAtMs.keys().next();
    if (this.recordedAtMs.size >= limit && !oldest.done) this.recordedAtMs.delete(oldest.value);
    this.recordedAtMs.set(credentialId, nowMs);
  }

  private async write(credential: UsedCredential): Promise<void> {
    try {
      if (!(await this.isFirst(credential.id))) return;
      await this.transactions.run('platform', (manager) =>
        this.audit.record(manager, caller, {
          action: 'byok_key_accessed',
          targetType: 'credential',
          targetId: credential.id,
          organizationId: credential.organizationId,
          changes: { purpose: 'calls', ownerKey: credential.ownerKey, fingerprint: credential.fingerprint },
        }),
      );
    } catch (error) {
      this.recordedAtMs.delete(credential.id);
      this.logger.warn('the use of a credential was not recorded', { credential_id: credential.id, error });
    }
  }

  /** Among all API processes, and after a restart. While Redis is away each process counts for itself. */
  private async isFirst(credentialId: string): Promise<boolean> {
    const key = `${this.prefix}:credential-accessed:${credentialId}`;
    try {
      return (await this.redis.set(key, '1', 'PX', everyMs, 'NX')) === 'OK';
    } catch {
      return true;
    }
  }
}
