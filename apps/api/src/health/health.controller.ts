import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Public } from '../http/access.decorators';
import { LivelinessView, ReadinessView } from './health.dto';
import { ReadinessProbe } from './readiness.probe';

@ApiTags('Health')
@Public()
@Controller('health')
export class HealthController {
  constructor(private readonly probe: ReadinessProbe) {}

  @Get('liveliness')
  @ApiOperation({ summary: 'Tell that the process runs' })
  @ApiOkResponse({ type: LivelinessView })
  liveliness(): LivelinessView {
    return { status: 'ok' };
  }

  @Get('readiness')
  @ApiOperation({ summary: 'Tell whether requests can be served, and what is degraded' })
  @ApiOkResponse({ type: ReadinessView })
  @ApiServiceUnavailableResponse({ type: ReadinessView })
  async readiness(@Res({ passthrough: true }) response: Response): Promise<ReadinessView> {
    const readiness = await this.probe.check();
    response.status(readiness.status === 'unavailable' ? 503 : 200);
    return readiness;
  }
}
