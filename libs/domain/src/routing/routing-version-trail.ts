import { Inject, Injectable } from '@nestjs/common';
import { type Clock, newId } from '@signalbox/common';
import { RoutingVersionEntity } from '@signalbox/database';
import type { Caller } from '@signalbox/domain/access';
import { CLOCK } from '@signalbox/domain/core';
import type { EntityManager } from 'typeorm';
import { differenceOf } from './routing-difference';
import { type RoutingRow, RoutingRepository } from './routing.repository';

/** Keeps what each level said once, in the transaction of the change. */
@Injectable()
export class RoutingVersionTrail {
  constructor(
    private readonly repository: RoutingRepository,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Call it with the row locked. A change that changes nothing is no version. Rules that were written before versions were kept
   * become the first one, so that they can be brought back too.
   *
   * @param row as it was
   */
  async add(
    manager: EntityManager,
    caller: Caller,
    row: RoutingRow,
    document: Record<string, unknown>,
  ): Promise<void> {
    let number = await this.repository.lastNumber(manager, row.subject);
    if (number === 0 && Object.keys(row.routing).length > 0) {
      await this.insert(manager, row, { number: (number += 1), document: row.routing, actor: null });
    }
    if (differenceOf(row.routing, document).length === 0) return;
    await this.insert(manager, row, { number: number + 1, document, actor: caller.actorId });
  }

  private async insert(
    manager: EntityManager,
    { subject, organizationId }: RoutingRow,
    written: Pick<RoutingVersionEntity, 'number' | 'document' | 'actor'>,
  ): Promise<void> {
    const now = this.clock.now();
    const version = Object.assign(new RoutingVersionEntity(), {
      id: newId('routingVersion', now.getTime()),
      scope: subject.scope,
      subjectId: subject.id,
      organizationId,
      createdAt: now,
      ...written,
    });
    await this.repository.addVersion(manager, version);
  }
}
