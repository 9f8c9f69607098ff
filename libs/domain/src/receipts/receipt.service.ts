import { Inject, Injectable } from '@nestjs/common';
import { AppError, type Logger } from '@signalbox/common';
import { TenantTransactions, type VirtualKeyEntity } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { LOGGER } from '@signalbox/domain/core';
import { type Heartbeat, HeartbeatProbe } from '@signalbox/domain/heartbeats';
import { ProjectionService } from '@signalbox/domain/projection';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { type KeyReceipt, receiptOf } from './receipt';
import { ReceiptRepository } from './receipt.repository';
import { ReceiptStore } from './receipt-store';

const waitMs = 250;
const pollMs = 5;
/** Redis may hang: an answer is not held up for long. */
const limitMs = 500;

type ChangedKey = Pick<VirtualKeyEntity, 'id' | 'version' | 'updatedAt'>;

export interface ReceiptAnswer {
  /** null: nobody can say now; the problem tells why. */
  receipt: KeyReceipt | null;
  problem: string | null;
}

const redisProblem =
  'Redis does not answer: the change is stored, and the worker brings it to the edges once Redis is back.';

const edgeProjection = z.object({
  epoch: z.string().nullable(),
  seq: z.number(),
  complete: z.boolean(),
});

/** Proves that a change of a virtual key is known at the edges. */
@Injectable()
export class ReceiptService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly repository: ReceiptRepository,
    private readonly store: ReceiptStore,
    private readonly heartbeats: HeartbeatProbe,
    private readonly projection: ProjectionService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Of the key's last change, as it is now. */
  async get(caller: Caller, keyId: string): Promise<ReceiptAnswer & { version: number }> {
    requireScope(caller, 'keys:read');
    const key = await this.transactions.run(tenantOf(caller), (manager) =>
      this.repository.findKey(manager, keyId),
    );
    if (!key) {
      throw new AppError('virtual_key_not_found', 'Check the id; GET /api/v1/keys lists the known ones.');
    }
    return { ...(await this.bounded(key, 0)), version: key.version };
  }

  /** After a change was projected: waits a moment for every edge. Never throws. */
  async after(key: ChangedKey): Promise<ReceiptAnswer> {
    return this.bounded(key, waitMs);
  }

  private async bounded(key: ChangedKey, patienceMs: number): Promise<ReceiptAnswer> {
    const abort = new AbortController();
    const unknown: ReceiptAnswer = { receipt: null, problem: redisProblem };
    if (!this.store.isReady()) return unknown;
    const late = sleep(patienceMs + limitMs, unknown, { signal: abort.signal }).catch(() => unknown);
    const receipt = this.look(key, patienceMs).then(
      (found): ReceiptAnswer => (found ? { receipt: found, problem: null } : unknown),
      (error: unknown) => {
        this.logger.warn('the receipt of a change could not be made', { key_id: key.id, error });
        return unknown;
      },
    );
    return Promise.race([receipt, late]).finally(() => abort.abort());
  }

  /** @returns null when Redis does not answer */
  private async look({ id, version, updatedAt }: ChangedKey, patienceMs: number): Promise<KeyReceipt | null> {
    const deadlineMs = performance.now() + patienceMs;
    const [hashes, beats] = await Promise.all([
      this.projection.documentIds('project.virtual_key', id),
      this.heartbeats.look(),
    ]);
    if (!beats) return null;
    const edgeIds = beats.edges.map((edge) => edge.id);
    const facts = { version, changedAt: updatedAt, edgeIds, caughtUp: new Set<string>() };
    for (;;) {
      const receipt = receiptOf({ ...facts, acksByValue: await this.store.acks(hashes) });
      if (receipt.complete) return receipt;
      if (performance.now() >= deadlineMs) break;
      await sleep(pollMs);
    }
    const caughtUp = await this.caughtUp(beats.edges, hashes, version);
    return receiptOf({ ...facts, caughtUp, acksByValue: await this.store.acks(hashes) });
  }

  /** An edge that starts or comes back reads everything instead of waiting for messages, and acknowledges nothing. */
  private async caughtUp(edges: Heartbeat[], hashes: string[], version: number): Promise<Set<string>> {
    const { epoch, seq } = await this.projection.position();
    const isProjected = await this.projection.hasVersions('key', hashes, version);
    if (!isProjected || epoch === null) return new Set();
    const isCaughtUp = (edge: Heartbeat): boolean => {
      const { success, data } = edgeProjection.safeParse(edge['projection']);
      return success && data.complete && data.epoch === epoch && data.seq >= seq;
    };
    return new Set(edges.filter(isCaughtUp).map((edge) => edge.id));
  }
}
