import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { RoutingVersionService } from '@signalbox/domain/routing';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import {
  DryRunQuery,
  ListRoutingVersionsQuery,
  RestoreRoutingVersionBody,
  RoutingVersionDetailView,
  RoutingVersionListView,
} from './routing.dto';
import { toOutcomeView, toSubject, toVersionDetailView, toVersionView } from './routing.mapper';
import { rulesOutcomeSchema } from './routing.schema';

@ApiTags('Routing')
@Controller('api/v1/llm/routing/versions')
export class RoutingVersionController {
  constructor(private readonly versions: RoutingVersionService) {}

  @Get()
  @ApiOperation({
    summary: 'List the versions of routing rules',
    description:
      'Of a workspace, an organization or the platform, newest first. Each change that changes something is one. Scope: workspaces:read.',
  })
  @ApiOkResponse({ type: RoutingVersionListView })
  @ApiErrors('workspace_not_found', 'organization_not_found', 'platform_only', 'cursor_invalid')
  async list(
    @CurrentCaller() caller: Caller,
    @Query() query: ListRoutingVersionsQuery,
  ): Promise<RoutingVersionListView> {
    const page = await this.versions.list(caller, toSubject(query), query.limit, query.cursor);
    return { ...page, data: page.data.map(toVersionView) };
  }

  @Get(':id')
  @ApiOperation({
    summary: 'Show a version of routing rules',
    description: 'With what changed since the version before. Scope: workspaces:read.',
  })
  @ApiOkResponse({ type: RoutingVersionDetailView })
  @ApiErrors('routing_version_not_found')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('routingVersion')) id: string,
  ): Promise<RoutingVersionDetailView> {
    return toVersionDetailView(await this.versions.get(caller, id));
  }

  @Post(':id/restore')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Bring a version of routing rules back',
    description:
      'It is written anew, as the newest version, and live at every edge at once. With dry_run=true it only says what would change. Scope: workspaces:write.',
  })
  @ApiOkResponse({ schema: rulesOutcomeSchema })
  @ApiErrors(
    'routing_version_not_found',
    'workspace_not_found',
    'organization_not_found',
    'platform_only',
    'version_conflict',
  )
  async restore(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('routingVersion')) id: string,
    @Query() query: DryRunQuery,
    @Body() body: RestoreRoutingVersionBody,
  ): Promise<object> {
    const options = { version: body.version, isDryRun: query.dry_run ?? false };
    return toOutcomeView(await this.versions.restore(caller, id, options));
  }
}
