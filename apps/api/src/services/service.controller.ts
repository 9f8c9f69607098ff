import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { ServiceService } from '@signalbox/domain/services';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import {
  CreateServiceBody,
  ListServicesQuery,
  ServiceListView,
  ServiceView,
  UpdateServiceBody,
} from './service.dto';
import { toCreateService, toServiceFilter, toServiceView, toUpdateService } from './service.mapper';

@ApiTags('Services')
@Controller('api/v1/services')
export class ServiceController {
  constructor(private readonly services: ServiceService) {}

  @Post()
  @ApiOperation({
    summary: 'Create a service',
    description:
      'A product or app: the virtual keys that name it (service_id), of whatever workspace, share its limits. Scope services:write.',
  })
  @ApiCreatedResponse({ type: ServiceView })
  @ApiErrors('organization_not_found', 'service_name_taken')
  async create(@CurrentCaller() caller: Caller, @Body() body: CreateServiceBody): Promise<ServiceView> {
    return toServiceView(await this.services.create(caller, toCreateService(body)));
  }

  @Get()
  @ApiOperation({ summary: 'List services', description: 'Newest first. Scope services:read.' })
  @ApiOkResponse({ type: ServiceListView })
  @ApiErrors('cursor_invalid')
  async list(@CurrentCaller() caller: Caller, @Query() query: ListServicesQuery): Promise<ServiceListView> {
    const page = await this.services.list(caller, toServiceFilter(query), query.limit, query.cursor);
    return { ...page, data: page.data.map(toServiceView) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show a service', description: 'Scope services:read.' })
  @ApiOkResponse({ type: ServiceView })
  @ApiErrors('service_not_found')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('service')) id: string,
  ): Promise<ServiceView> {
    return toServiceView(await this.services.get(caller, id));
  }

  @Patch(':id')
  @ApiOperation({
    summary: 'Change a service',
    description: 'Only the given fields change. Limits are live at every edge at once. Scope services:write.',
  })
  @ApiOkResponse({ type: ServiceView })
  @ApiErrors('service_not_found', 'service_name_taken', 'version_conflict')
  async update(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('service')) id: string,
    @Body() body: UpdateServiceBody,
  ): Promise<ServiceView> {
    return toServiceView(await this.services.update(caller, id, toUpdateService(body)));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Delete a service',
    description: 'Refused while virtual keys name it. Scope services:write.',
  })
  @ApiNoContentResponse()
  @ApiErrors('service_not_found', 'service_in_use')
  async delete(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('service')) id: string,
  ): Promise<void> {
    await this.services.delete(caller, id);
  }
}
