import { Injectable } from '@nestjs/common';
import { MirrorReconcileService } from '@signalbox/domain/mirror';

@Injectable()
export class MirrorProcessor {
  constructor(private readonly reconcile: MirrorReconcileService) {}

  async run(signal: AbortSignal): Promise<void> {
    await this.reconcile.run(signal);
  }
}
