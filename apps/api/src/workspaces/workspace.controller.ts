import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { WorkspaceService } from '@signalbox/domain/workspaces';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import {
  CreateWorkspaceBody,
  ListWorkspacesQuery,
  UpdateWorkspaceBody,
  WorkspaceListView,
  WorkspaceView,
} from './workspace.dto';
import { toCreateWorkspace, toUpdateWorkspace, toWorkspaceFilter, toWorkspaceView } from './workspace.mapper';

@ApiTags('Workspaces')
@Controller('api/v1/workspaces')
export class WorkspaceController {
  constructor(private readonly workspaces: WorkspaceService) {}

  @Post()
  @ApiOperation({ summary: 'Create a workspace', description: 'Scope workspaces:write.' })
  @ApiCreatedResponse({ type: WorkspaceView })
  @ApiErrors('organization_not_found')
  async create(@CurrentCaller() caller: Caller, @Body() body: CreateWorkspaceBody): Promise<WorkspaceView> {
    return toWorkspaceView(await this.workspaces.create(caller, toCreateWorkspace(body)));
  }

  @Get()
  @ApiOperation({ summary: 'List workspaces', description: 'Newest first. Scope workspaces:read.' })
  @ApiOkResponse({ type: WorkspaceListView })
  @ApiErrors('cursor_invalid')
  async list(
    @CurrentCaller() caller: Caller,
    @Query() query: ListWorkspacesQuery,
  ): Promise<WorkspaceListView> {
    const page = await this.workspaces.list(caller, toWorkspaceFilter(query), query.limit, query.cursor);
    return { ...page, data: page.data.map(toWorkspaceView) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show a workspace', description: 'Scope workspaces:read.' })
  @ApiOkResponse({ type: WorkspaceView })
  @ApiErrors('workspace_not_found')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('workspace')) id: string,
  ): Promise<WorkspaceView> {
    return toWorkspaceView(await this.workspaces.get(caller, id));
  }

  @Patch(':id')
  @ApiOperation({
    summary: 'Change a workspace',
    description: 'Only the given fields change. Scope workspaces:write.',
  })
  @ApiOkResponse({ type: WorkspaceView })
  @ApiErrors('workspace_not_found', 'version_conflict')
  async update(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('workspace')) id: string,
    @Body() body: UpdateWorkspaceBody,
  ): Promise<WorkspaceView> {
    return toWorkspaceView(await this.workspaces.update(caller, id, toUpdateWorkspace(body)));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Delete a workspace',
    description: 'Refused while it has virtual keys. Scope workspaces:write.',
  })
  @ApiNoContentResponse()
  @ApiErrors('workspace_not_found', 'workspace_not_empty')
  async delete(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('workspace')) id: string,
  ): Promise<void> {
    await this.workspaces.delete(caller, id);
  }
}
