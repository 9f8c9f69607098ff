import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { MaintenanceService } from '@signalbox/domain/maintenance';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import {
  ListMaintenanceRunsQuery,
  MaintenanceRunListView,
  MaintenanceRunView,
  StartMaintenanceRunBody,
} from './maintenance-run.dto';
import { toMaintenanceRunView, toStartMaintenanceRun } from './maintenance-run.mapper';

@ApiTags('Maintenance')
@Controller('api/v1/maintenance/runs')
export class MaintenanceRunController {
  constructor(private readonly maintenance: MaintenanceService) {}

  @Post()
  @ApiOperation({
    summary: 'Start a maintenance run',
    description:
      'A worker does it, goes on with it after a restart, and shows its progress here; calls and changes go on meanwhile. One at a time of each kind. Scope: maintenance:write, platform tokens only.',
  })
  @ApiCreatedResponse({ type: MaintenanceRunView })
  @ApiErrors(
    'maintenance_run_in_progress',
    'secret_store_unavailable',
    'secret_store_refused',
    'platform_only',
  )
  async start(
    @CurrentCaller() caller: Caller,
    @Body() body: StartMaintenanceRunBody,
  ): Promise<MaintenanceRunView> {
    return toMaintenanceRunView(await this.maintenance.start(caller, toStartMaintenanceRun(body)));
  }

  @Get()
  @ApiOperation({
    summary: 'List maintenance runs',
    description: 'Newest first. Scope: maintenance:write, platform tokens only.',
  })
  @ApiOkResponse({ type: MaintenanceRunListView })
  @ApiErrors('cursor_invalid', 'platform_only')
  async list(
    @CurrentCaller() caller: Caller,
    @Query() query: ListMaintenanceRunsQuery,
  ): Promise<MaintenanceRunListView> {
    const { kind, status, limit, cursor } = query;
    const page = await this.maintenance.list(caller, { kind, status }, limit, cursor);
    return { ...page, data: page.data.map(toMaintenanceRunView) };
  }

  @Get(':id')
  @ApiOperation({
    summary: 'Show a maintenance run: its progress and its problems',
    description: 'Scope: maintenance:write, platform tokens only.',
  })
  @ApiOkResponse({ type: MaintenanceRunView })
  @ApiErrors('maintenance_run_not_found', 'platform_only')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('maintenanceRun')) id: string,
  ): Promise<MaintenanceRunView> {
    return toMaintenanceRunView(await this.maintenance.get(caller, id));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Cancel a maintenance run',
    description:
      'What is done stays done. A run that is over stays what it is. Scope: maintenance:write, platform tokens only.',
  })
  @ApiOkResponse({ type: MaintenanceRunView })
  @ApiErrors('maintenance_run_not_found', 'platform_only')
  async cancel(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('maintenanceRun')) id: string,
  ): Promise<MaintenanceRunView> {
    return toMaintenanceRunView(await this.maintenance.cancel(caller, id));
  }
}
