import { Injectable } from '@nestjs/common';
import { VirtualKeyEntity } from '@signalbox/database';
import type { EntityManager } from 'typeorm';

@Injectable()
export class ReceiptRepository {
  /** Also a deleted one: that it is refused everywhere is what somebody wants to see. */
  async findKey(manager: EntityManager, id: string): Promise<VirtualKeyEntity | null> {
    return manager.findOneBy(VirtualKeyEntity, { id });
  }
}
