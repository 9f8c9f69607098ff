import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { type WorkspaceRouting, WorkspaceRoutingService } from '@signalbox/domain/workspaces';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import { routingBodySchema, routingViewSchema } from './routing.schema';

function toView({ workspace, policy, warnings }: WorkspaceRouting): object {
  return { workspace_id: workspace.id, ...policy, version: workspace.version, warnings };
}

@ApiTags('Workspaces')
@Controller('api/v1')
export class WorkspaceRoutingController {
  constructor(private readonly routing: WorkspaceRoutingService) {}

  @Get('workspaces/:id/routing')
  @ApiOperation({
    summary: 'Show the routing policy of a workspace',
    description: 'With all defaults, and warnings. Scope workspaces:read.',
  })
  @ApiOkResponse({ schema: routingViewSchema })
  @ApiErrors('workspace_not_found')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('workspace')) id: string,
  ): Promise<object> {
    return toView(await this.routing.get(caller, id));
  }

  @Put('workspaces/:id/routing')
  @ApiOperation({
    summary: 'Replace the routing policy of a workspace',
    description:
      'The whole policy: what is left out takes its default. It is live at every edge at once. Scope workspaces:write.',
  })
  @ApiBody({ schema: routingBodySchema })
  @ApiOkResponse({ schema: routingViewSchema })
  @ApiErrors('workspace_not_found', 'version_conflict')
  async replace(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('workspace')) id: string,
    @Body() body: unknown,
  ): Promise<object> {
    return toView(await this.routing.replace(caller, id, body));
  }

  @Get('routing/schema')
  @ApiOperation({
    summary: 'Show the JSON Schema of routing policies',
    description: 'Draft 2020-12, with descriptions, bounds and defaults. Scope workspaces:read.',
  })
  @ApiOkResponse({ schema: { type: 'object', additionalProperties: true, example: { type: 'object' } } })
  schema(@CurrentCaller() caller: Caller): Record<string, unknown> {
    return this.routing.schema(caller);
  }
}
