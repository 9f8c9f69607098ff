import { Injectable } from '@nestjs/common';
import { AuditChainEntity, TenantTransactions } from '@signalbox/database';
import { type Caller, requireScope, tenantOf } from '@signalbox/domain/access';
import { AuditChainCheck, type BrokenLink } from './audit-chain-check';
import { AuditEventRepository } from './audit-event.repository';
import { genesisHash } from './audit-hash';

const pageSize = 1_000;

export interface ChainVerification {
  /** An organization's id, or `platform`. */
  chain: string;
  eventCount: number;
  broken: BrokenLink | null;
}

/** Proves that no audit event was changed, removed or put in between. A chain that is gone as a whole is not noticed. */
@Injectable()
export class AuditVerificationService {
  constructor(
    private readonly transactions: TenantTransactions,
    private readonly events: AuditEventRepository,
  ) {}

  /** Every chain that the caller sees. */
  async verify(caller: Caller): Promise<ChainVerification[]> {
    requireScope(caller, 'audit:read');
    const heads = await this.transactions.run(tenantOf(caller), (manager) => this.events.chains(manager));
    const verifications: ChainVerification[] = [];
    for (const head of heads) verifications.push(await this.verifyChain(caller, head));
    return verifications;
  }

  /** Events are never changed, so each page may be read in a transaction of its own. */
  private async verifyChain(caller: Caller, head: AuditChainEntity): Promise<ChainVerification> {
    const check = new AuditChainCheck();
    let hashAtHead = head.sequence === '0' ? genesisHash : null;
    let after = '0';
    for (let isMore = true; isMore;) {
      const page = await this.transactions.run(tenantOf(caller), (manager) =>
        this.events.chainPage(manager, head.chain, after, pageSize),
      );
      for (const event of page) {
        if (!check.add(event)) break;
        if (event.sequence === head.sequence) hashAtHead = event.hash;
        after = event.sequence;
      }
      isMore = page.length === pageSize && check.broken === null;
    }
    const broken = check.finish(head, hashAtHead);
    return { chain: head.chain, eventCount: check.eventCount, broken };
  }
}
