import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { DriftService } from '@signalbox/domain/drift';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { ConfigDriftView } from './config-drift.dto';
import { toConfigDriftView } from './config-drift.mapper';

@ApiTags('Config releases')
@Controller('api/v1/config/drift')
export class ConfigDriftController {
  constructor(private readonly drift: DriftService) {}

  @Get()
  @ApiOperation({
    summary: 'Show the last comparison of what LiteLLM runs with what was released',
    description: 'Scope: releases:read, platform tokens only.',
  })
  @ApiOkResponse({ type: ConfigDriftView })
  @ApiErrors('platform_only')
  async last(@CurrentCaller() caller: Caller): Promise<ConfigDriftView> {
    return toConfigDriftView(await this.drift.last(caller));
  }

  @Post('check')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Compare models now, and repair',
    description:
      'The worker compares; the answer waits for it, 15 seconds at most. Keys are compared every 5 minutes. Scope: releases:write, platform tokens only.',
  })
  @ApiOkResponse({ type: ConfigDriftView })
  @ApiErrors('drift_check_unavailable', 'platform_only')
  async check(@CurrentCaller() caller: Caller): Promise<ConfigDriftView> {
    return toConfigDriftView(await this.drift.check(caller));
  }
}
