import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { UsageEventService } from '@signalbox/domain/usage';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import { ListUsageEventsQuery, UsageEventListView, UsageEventView } from './usage-event.dto';
import { toUsageEventFilter, toUsageEventView } from './usage-event.mapper';

@ApiTags('Usage')
@Controller('api/v1/usage/events')
export class UsageEventController {
  constructor(private readonly usage: UsageEventService) {}

  @Get()
  @ApiOperation({
    summary: 'List usage events',
    description:
      'One event for each request that a known virtual key made to port 4000, refused ones too; newest first. An event is here a second or two after its request has ended, and later when Redis or the worker was down. Scope usage:read.',
  })
  @ApiOkResponse({ type: UsageEventListView })
  @ApiErrors('cursor_invalid')
  async list(
    @CurrentCaller() caller: Caller,
    @Query() query: ListUsageEventsQuery,
  ): Promise<UsageEventListView> {
    const page = await this.usage.list(caller, toUsageEventFilter(query), query.limit, query.cursor);
    return { ...page, data: page.data.map(toUsageEventView) };
  }

  @Get(':request_id')
  @ApiOperation({
    summary: 'Show a usage event',
    description: "By the request id, which the answer's header x-request-id names. Scope usage:read.",
  })
  @ApiOkResponse({ type: UsageEventView })
  @ApiErrors('usage_event_not_found')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('request_id', new IdParam('request')) requestId: string,
  ): Promise<UsageEventView> {
    return toUsageEventView(await this.usage.get(caller, requestId));
  }
}
