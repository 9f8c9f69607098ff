import { Body, Controller, Get, Put, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { readRulesInput, RoutingRulesService } from '@signalbox/domain/routing';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { ReplaceRulesQuery, RoutingSubjectQuery } from './routing.dto';
import { toOutcomeView, toRulesView, toSubject } from './routing.mapper';
import { rulesBodySchema, rulesOutcomeSchema, rulesViewSchema, schemaOfSchemas } from './routing.schema';

@ApiTags('Routing')
@Controller('api/v1/llm/routing')
export class RoutingRulesController {
  constructor(private readonly rules: RoutingRulesService) {}

  @Get('rules')
  @ApiOperation({
    summary: 'Show the routing rules of a workspace, an organization or the platform',
    description:
      'What that level says, what comes of it with the levels above, and which of them says what. Scope: workspaces:read.',
  })
  @ApiOkResponse({ schema: rulesViewSchema })
  @ApiErrors('workspace_not_found', 'organization_not_found', 'platform_only')
  async get(@CurrentCaller() caller: Caller, @Query() query: RoutingSubjectQuery): Promise<object> {
    return toRulesView(await this.rules.get(caller, toSubject(query)));
  }

  @Put('rules')
  @ApiOperation({
    summary: 'Replace the routing rules of a workspace, an organization or the platform',
    description:
      'All that this level says; what is left out is left to the level above it. Live at every edge at once, and kept as a version. With dry_run=true it only says what would change. Scope: workspaces:write.',
  })
  @ApiBody({ schema: rulesBodySchema })
  @ApiOkResponse({ schema: rulesOutcomeSchema })
  @ApiErrors('workspace_not_found', 'organization_not_found', 'platform_only', 'version_conflict')
  async replace(
    @CurrentCaller() caller: Caller,
    @Query() query: ReplaceRulesQuery,
    @Body() body: unknown,
  ): Promise<object> {
    const write = { ...readRulesInput(body), isDryRun: query.dry_run ?? false };
    return toOutcomeView(await this.rules.replace(caller, toSubject(query), write));
  }

  @Get('schema')
  @ApiOperation({
    summary: 'Show the JSON Schema of routing rules',
    description:
      'Draft 2020-12, with descriptions, bounds and defaults: the rules of any level. Scope: workspaces:read.',
  })
  @ApiOkResponse({ schema: schemaOfSchemas })
  schema(@CurrentCaller() caller: Caller): Record<string, unknown> {
    return this.rules.schema(caller);
  }
}
