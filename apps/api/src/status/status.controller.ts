import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { StatusService } from '@signalbox/domain/status';
import { CurrentCaller } from '../http/access.decorators';
import { StatusView } from './status.dto';
import { toStatusView } from './status.mapper';

@ApiTags('Status')
@Controller('api/v1/status')
export class StatusController {
  constructor(private readonly status: StatusService) {}

  @Get()
  @ApiOperation({
    summary: 'Show how the installation is',
    description: 'A token of an organization sees less. Scope status:read.',
  })
  @ApiOkResponse({ type: StatusView })
  async get(@CurrentCaller() caller: Caller): Promise<StatusView> {
    return toStatusView(await this.status.get(caller));
  }
}
