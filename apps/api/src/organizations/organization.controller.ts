import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { OrganizationService } from '@signalbox/domain/organizations';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import {
  CreateOrganizationBody,
  ListOrganizationsQuery,
  OrganizationListView,
  OrganizationView,
  UpdateOrganizationBody,
} from './organization.dto';
import { toCreateOrganization, toOrganizationView, toUpdateOrganization } from './organization.mapper';

@ApiTags('Organizations')
@Controller('api/v1/organizations')
export class OrganizationController {
  constructor(private readonly organizations: OrganizationService) {}

  @Post()
  @ApiOperation({
    summary: 'Create an organization',
    description: 'Scope organizations:write, platform only.',
  })
  @ApiCreatedResponse({ type: OrganizationView })
  @ApiErrors('platform_only')
  async create(
    @CurrentCaller() caller: Caller,
    @Body() body: CreateOrganizationBody,
  ): Promise<OrganizationView> {
    return toOrganizationView(await this.organizations.create(caller, toCreateOrganization(body)));
  }

  @Get()
  @ApiOperation({
    summary: 'List organizations',
    description: 'Newest first. A token of an organization sees only that one. Scope organizations:read.',
  })
  @ApiOkResponse({ type: OrganizationListView })
  @ApiErrors('cursor_invalid')
  async list(
    @CurrentCaller() caller: Caller,
    @Query() { limit, cursor, ...filter }: ListOrganizationsQuery,
  ): Promise<OrganizationListView> {
    const page = await this.organizations.list(caller, filter, limit, cursor);
    return { ...page, data: page.data.map(toOrganizationView) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show an organization', description: 'Scope organizations:read.' })
  @ApiOkResponse({ type: OrganizationView })
  @ApiErrors('organization_not_found')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('organization')) id: string,
  ): Promise<OrganizationView> {
    return toOrganizationView(await this.organizations.get(caller, id));
  }

  @Patch(':id')
  @ApiOperation({
    summary: 'Change an organization',
    description:
      'Only the given fields change. Only the platform blocks, and sets limits and the tier. Scope organizations:write.',
  })
  @ApiOkResponse({ type: OrganizationView })
  @ApiErrors('organization_not_found', 'platform_only', 'version_conflict')
  async update(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('organization')) id: string,
    @Body() body: UpdateOrganizationBody,
  ): Promise<OrganizationView> {
    return toOrganizationView(await this.organizations.update(caller, id, toUpdateOrganization(body)));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Delete an organization',
    description:
      'Refused while it has workspaces. Its services and service tokens end. Scope organizations:write, platform only.',
  })
  @ApiNoContentResponse()
  @ApiErrors('organization_not_found', 'organization_not_empty', 'platform_only')
  async delete(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('organization')) id: string,
  ): Promise<void> {
    await this.organizations.delete(caller, id);
  }
}
