import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { ConfigReleaseEntity } from '@signalbox/database';
import type { Caller } from '@signalbox/domain/access';
import { ConfigReleaseService } from '@signalbox/domain/config-releases';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import { ConfigPlanView } from './config-plan.dto';
import {
  ApplyConfigReleaseBody,
  ConfigReleasePage,
  ConfigReleaseView,
  ListConfigReleasesQuery,
  RollbackConfigReleaseBody,
  WaitQuery,
} from './config-release.dto';
import { toConfigPlanView, toConfigReleaseSummary, toConfigReleaseView } from './config-release.mapper';

@ApiTags('Config releases')
@Controller('api/v1/config')
export class ConfigReleaseController {
  constructor(private readonly releases: ConfigReleaseService) {}

  @Post('plan')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Show what an apply would change, with lint findings',
    description: 'Changes nothing. Scope: releases:read, platform tokens only.',
  })
  @ApiOkResponse({ type: ConfigPlanView })
  @ApiErrors('platform_only')
  async plan(@CurrentCaller() caller: Caller): Promise<ConfigPlanView> {
    return toConfigPlanView(await this.releases.plan(caller));
  }

  @Post('releases')
  @ApiOperation({
    summary: 'Apply the catalogue: a new LiteLLM is started with it and, once verified, takes over',
    description:
      'The running LiteLLM serves until then, and goes on serving should the new one fail. Scope: releases:write, platform tokens only.',
  })
  @ApiCreatedResponse({ type: ConfigReleaseView })
  @ApiErrors('config_release_in_progress', 'config_unchanged', 'config_release_lint_failed', 'platform_only')
  async apply(
    @CurrentCaller() caller: Caller,
    @Query() query: WaitQuery,
    @Body() body: ApplyConfigReleaseBody,
  ): Promise<ConfigReleaseView> {
    const { note, force, allow_warnings: allowWarnings } = body;
    const release = await this.releases.apply(caller, { note, force, allowWarnings });
    return this.outcome(caller, release, query);
  }

  @Get('releases')
  @ApiOperation({
    summary: 'List config releases, the newest first',
    description: 'Scope: releases:read, platform tokens only.',
  })
  @ApiOkResponse({ type: ConfigReleasePage })
  @ApiErrors('cursor_invalid', 'platform_only')
  async list(
    @CurrentCaller() caller: Caller,
    @Query() query: ListConfigReleasesQuery,
  ): Promise<ConfigReleasePage> {
    const page = await this.releases.list(caller, { status: query.status }, query.limit, query.cursor);
    return { ...page, data: page.data.map(toConfigReleaseSummary) };
  }

  @Get('releases/:id')
  @ApiOperation({
    summary: 'Show a config release: YAML, who, when, lint, verification',
    description: 'Scope: releases:read, platform tokens only.',
  })
  @ApiOkResponse({ type: ConfigReleaseView })
  @ApiErrors('config_release_not_found', 'platform_only')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('configRelease')) id: string,
  ): Promise<ConfigReleaseView> {
    return toConfigReleaseView(await this.releases.get(caller, id));
  }

  @Post('releases/:id/rollback')
  @ApiOperation({
    summary: 'Go back to a release that once served, as a new release with its content',
    description: 'The catalogue stays as it is. Scope: releases:write, platform tokens only.',
  })
  @ApiCreatedResponse({ type: ConfigReleaseView })
  @ApiErrors(
    'config_release_not_found',
    'config_release_not_restorable',
    'config_release_in_progress',
    'config_unchanged',
    'platform_only',
  )
  async rollback(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('configRelease')) id: string,
    @Query() query: WaitQuery,
    @Body() body: RollbackConfigReleaseBody,
  ): Promise<ConfigReleaseView> {
    return this.outcome(caller, await this.releases.rollback(caller, id, body), query);
  }

  private async outcome(
    caller: Caller,
    release: ConfigReleaseEntity,
    { wait_ms: waitMs }: WaitQuery,
  ): Promise<ConfigReleaseView> {
    if (waitMs === 0) return toConfigReleaseView(release);
    return toConfigReleaseView(await this.releases.waitForOutcome(caller, release.id, waitMs));
  }
}
