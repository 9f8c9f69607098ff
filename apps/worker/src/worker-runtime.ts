import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { AttemptLoop } from './attempts/attempt-loop';
import { HeartbeatLoop } from './heartbeat/heartbeat-loop';
import { JobWorkers } from './jobs/job-workers';
import { ScheduleKeeper } from './jobs/schedule-keeper';
import type { Loop } from './loops/loop';
import { MirrorWatchLoop } from './mirror/mirror-watch-loop';
import { OutboxLoops } from './outbox/outbox-loops';
import { ProjectionLoop } from './projection/projection-loop';
import { RotationLoop } from './rotations/rotation-loop';
import { UsageLoop } from './usage/usage-loop';

/** Starts everything that runs by itself, and ends it before the connections are closed. */
@Injectable()
export class WorkerRuntime implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly loops: readonly Loop[];

  constructor(
    private readonly jobs: JobWorkers,
    outbox: OutboxLoops,
    projection: ProjectionLoop,
    mirror: MirrorWatchLoop,
    attempts: AttemptLoop,
    usage: UsageLoop,
    rotations: RotationLoop,
    schedules: ScheduleKeeper,
    heartbeat: HeartbeatLoop,
  ) {
    this.loops = [projection, ...outbox.loops, mirror, attempts, usage, rotations, schedules, heartbeat];
  }

  onApplicationBootstrap(): void {
    for (const loop of this.loops) loop.start();
    this.jobs.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.jobs.stop(), ...this.loops.map((loop) => loop.stop())]);
  }
}
