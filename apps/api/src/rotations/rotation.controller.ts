import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { RotationService } from '@signalbox/domain/rotations';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import { ListRotationsQuery } from './rotation.dto';
import { toFilter, toRotationView, toRotationWithEventsView } from './rotation.mapper';
import { RotationListView, RotationWithEventsView } from './rotation.view';

@ApiTags('Rotations')
@Controller('api/v1/rotations')
export class RotationController {
  constructor(private readonly rotations: RotationService) {}

  @Get()
  @ApiOperation({
    summary: 'List rotations',
    description:
      'Newest first. Those of virtual keys are listed with keys:read, which alone is enough with the subject_id of a virtual key. Scope credentials:read.',
  })
  @ApiOkResponse({ type: RotationListView })
  @ApiErrors('cursor_invalid')
  async list(@CurrentCaller() caller: Caller, @Query() query: ListRotationsQuery): Promise<RotationListView> {
    const page = await this.rotations.list(caller, toFilter(query), query.limit, query.cursor);
    return { ...page, data: page.data.map(toRotationView) };
  }

  @Get(':id')
  @ApiOperation({
    summary: 'Show a rotation and its history',
    description: 'Of a virtual key: Scope keys:read. Of a credential: Scope credentials:read.',
  })
  @ApiOkResponse({ type: RotationWithEventsView })
  @ApiErrors('rotation_not_found')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('rotation')) id: string,
  ): Promise<RotationWithEventsView> {
    return toRotationWithEventsView(await this.rotations.get(caller, id));
  }

  @Post(':id/rollback')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Go back to the old value',
    description:
      'Possible from the switch until the old value is retired. The new one is erased, and revoked if we had it made. Of a virtual key: Scope keys:write. Of a credential: Scope credentials:write.',
  })
  @ApiOkResponse({ type: RotationWithEventsView })
  @ApiErrors('rotation_not_found', 'rotation_not_possible', 'rotation_finished')
  async rollback(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('rotation')) id: string,
  ): Promise<RotationWithEventsView> {
    return toRotationWithEventsView(await this.rotations.rollback(caller, id));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Drop a rotation before its switch',
    description:
      'The present value stays, the new one is erased. Of a virtual key: Scope keys:write. Of a credential: Scope credentials:write.',
  })
  @ApiOkResponse({ type: RotationWithEventsView })
  @ApiErrors('rotation_not_found', 'rotation_not_possible', 'rotation_finished')
  async cancel(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('rotation')) id: string,
  ): Promise<RotationWithEventsView> {
    return toRotationWithEventsView(await this.rotations.cancel(caller, id));
  }

  @Post(':id/retire')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Retire the old value now',
    description:
      'Without waiting for the grace time: what still uses the old value fails. Of a virtual key: Scope keys:write. Of a credential: Scope credentials:write.',
  })
  @ApiOkResponse({ type: RotationWithEventsView })
  @ApiErrors('rotation_not_found', 'rotation_not_possible', 'rotation_finished')
  async retire(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('rotation')) id: string,
  ): Promise<RotationWithEventsView> {
    return toRotationWithEventsView(await this.rotations.retireNow(caller, id));
  }
}
