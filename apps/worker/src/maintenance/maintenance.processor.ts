import { Injectable } from '@nestjs/common';
import { MaintenanceRunner, resumableKinds } from '@signalbox/domain/maintenance';

@Injectable()
export class MaintenanceProcessor {
  constructor(private readonly runner: MaintenanceRunner) {}

  async run(signal: AbortSignal): Promise<void> {
    for (const kind of resumableKinds) await this.runner.resume(kind, signal);
  }
}
