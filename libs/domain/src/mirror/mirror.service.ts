import { Injectable } from '@nestjs/common';
import type { OutboxTopic } from '@signalbox/database';
import { OutboxDrainer, type OutboxItem } from '@signalbox/domain/outbox';
import { isLitellmError, LitellmAdminClient } from '@signalbox/litellm-client';
import { KeyMirrorService } from './key-mirror.service';
import { TeamMirrorService } from './team-mirror.service';

const mirrorTopics = ['mirror.virtual_key', 'mirror.workspace'] as const satisfies readonly OutboxTopic[];

/** LiteLLM is one process: more at once would only queue up there, before the calls of clients. */
const concurrency = 4;

/** Brings changes from PostgreSQL to LiteLLM. Serving never waits for it. */
@Injectable()
export class MirrorService {
  constructor(
    private readonly drainer: OutboxDrainer,
    private readonly keys: KeyMirrorService,
    private readonly teams: TeamMirrorService,
    private readonly litellm: LitellmAdminClient,
  ) {}

  /** Mirrors all that is due. Does nothing while LiteLLM is away: no attempt is wasted, and it starts as soon as it is back. */
  async drainDue(signal: AbortSignal): Promise<number> {
    if (!(await this.isLitellmThere())) return 0;
    const round = new AbortController();
    return this.drainer.drain({
      topics: mirrorTopics,
      concurrency,
      leaseSeconds: 30,
      maxDelayMs: 60_000,
      signal: AbortSignal.any([signal, round.signal]),
      handle: async (item) => {
        try {
          return await this.sync(item);
        } catch (error) {
          // The other items would only wait for the same silence, each for as long as a call may take.
          if (isLitellmError(error, 'unreachable')) round.abort();
          throw error;
        }
      },
    });
  }

  private async sync({ topic, subjectId }: OutboxItem): Promise<Date | null> {
    if (topic === 'mirror.virtual_key') return this.keys.sync(subjectId);
    await this.teams.sync(subjectId);
    return null;
  }

  private async isLitellmThere(): Promise<boolean> {
    try {
      return (await this.litellm.instance()).hasDatabase;
    } catch (error) {
      if (isLitellmError(error, 'unreachable')) return false;
      throw error;
    }
  }
}
