import { Injectable } from '@nestjs/common';
import { RotationPlanner } from '@signalbox/domain/rotations';
import { RotationLoop } from './rotation-loop';

@Injectable()
export class RotationProcessor {
  constructor(
    private readonly loop: RotationLoop,
    private readonly planner: RotationPlanner,
  ) {}

  /** Only wakes the loop: a step may wait for a provider, and hints must not wait for that. */
  advance(): void {
    this.loop.wake();
  }

  async plan(signal: AbortSignal): Promise<void> {
    await this.planner.planDue(signal);
  }
}
