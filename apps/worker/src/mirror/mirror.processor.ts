import { Injectable } from '@nestjs/common';
import { MirrorReconcileService } from '@signalbox/domain/mirror';

@Injectable()
export class MirrorProcessor {
  constructor(private readonly reconcile: MirrorReconcileService) {}

  async run(): Promise<void> {
    await this.reconcile.run();
  }
}
