import { Body, Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@signalbox/common';
import type { Caller } from '@signalbox/domain/access';
import { CLOCK } from '@signalbox/domain/core';
import { replayAnswer, ReplayService } from '@signalbox/domain/replay';
import type { Request } from 'express';
import { CurrentCaller } from '../http/access.decorators';
import { AnswerNotKept } from '../http/answer-not-kept.decorator';
import { ApiErrors } from '../http/api-errors.decorator';
import { ReplaySlots } from './replay-slots';
import { ReplayBody, usualEvents } from './replay.dto';
import { toReplayRequest } from './replay.mapper';
import { ReplayView } from './replay.view';

/** Nobody waits longer for an answer; the command line has no such bound. */
const longestMs = 20_000;

@ApiTags('Routing')
@Controller('api/v1/llm/routing/replay')
export class ReplayController {
  constructor(
    private readonly replays: ReplayService,
    private readonly slots: ReplaySlots,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post()
  @HttpCode(200)
  @AnswerNotKept()
  @ApiOperation({
    summary: 'Replay past requests under a changed routing policy',
    description:
      'What cost, time to the first token and quality would have been, and which choices would have changed: docs/replay.md. Nothing is called or written. Bounded in requests and to 20 seconds: `complete` says whether all of them count. Scope: usage:read.',
  })
  @ApiOkResponse({ type: ReplayView })
  @ApiErrors('workspace_not_found', 'organization_not_found', 'replay_rate_limited')
  async replay(
    @CurrentCaller() caller: Caller,
    @Body() body: ReplayBody,
    @Req() { res: response }: Request,
  ): Promise<ReplayView> {
    const gone = new AbortController();
    response?.once('close', () => gone.abort());
    const request = toReplayRequest(body, this.clock.now());
    const bounds = { events: body.max_events ?? usualEvents, ms: longestMs };
    const { signal } = gone;
    const replayed = await this.slots.within(caller.organizationId ?? 'platform', () =>
      this.replays.replay(caller, request, { bounds, signal }),
    );
    return replayAnswer(request, replayed);
  }
}
