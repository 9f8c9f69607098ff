import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import {
  readRoutingInput,
  type RoutingRules,
  RoutingRulesService,
  workspaceSubject,
} from '@signalbox/domain/routing';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import { DryRunQuery } from './routing.dto';
import { routingBodySchema, routingViewSchema, schemaOfSchemas } from './routing.schema';

function toView({ row, effective, warnings }: RoutingRules): object {
  return { workspace_id: row.subject.id, ...effective.policy, version: row.version, warnings };
}

/** A workspace's policy as one flat document. The rules of all levels, dry runs and versions: RoutingRulesController. */
@ApiTags('Workspaces')
@Controller('api/v1')
export class WorkspaceRoutingController {
  constructor(private readonly rules: RoutingRulesService) {}

  @Get('workspaces/:id/routing')
  @ApiOperation({
    summary: 'Show the routing policy of a workspace',
    description:
      'With what the organization and the platform say where the workspace says nothing, all defaults, and warnings. Scope workspaces:read.',
  })
  @ApiOkResponse({ schema: routingViewSchema })
  @ApiErrors('workspace_not_found')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('workspace')) id: string,
  ): Promise<object> {
    return toView(await this.rules.get(caller, workspaceSubject(id)));
  }

  @Put('workspaces/:id/routing')
  @ApiOperation({
    summary: 'Replace the routing policy of a workspace',
    description:
      'The whole policy: what is left out is as the organization or the platform says, or takes its default. It is live at every edge at once; with dry_run=true it is only checked, and shown as it would be. Scope workspaces:write.',
  })
  @ApiBody({ schema: routingBodySchema })
  @ApiOkResponse({ schema: routingViewSchema })
  @ApiErrors('workspace_not_found', 'version_conflict')
  async replace(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('workspace')) id: string,
    @Query() query: DryRunQuery,
    @Body() body: unknown,
  ): Promise<object> {
    const write = { ...readRoutingInput(body), isDryRun: query.dry_run ?? false };
    return toView(await this.rules.replace(caller, workspaceSubject(id), write));
  }

  @Get('routing/schema')
  @ApiOperation({
    summary: 'Show the JSON Schema of routing policies',
    description: 'Draft 2020-12, with descriptions, bounds and defaults. Scope workspaces:read.',
  })
  @ApiOkResponse({ schema: schemaOfSchemas })
  schema(@CurrentCaller() caller: Caller): Record<string, unknown> {
    return this.rules.schema(caller);
  }
}
