import { Body, Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import { type DesiredRelease, runnerCaller, RunnerReleaseService } from '@signalbox/domain/config-releases';
import type { Request, Response } from 'express';
import type { Server } from 'node:net';
import { InternalRoute } from '../http/access.decorators';
import { RunnerReleaseQuery, RunnerReportBody } from './runner.dto';

/** A long poll must not hold up the process's end, nor outlive its client. */
function isAbandoned(request: Request, response: Response): boolean {
  const { server } = request.socket as { server?: Server };
  return response.closed || request.socket.destroyed || server?.listening === false;
}

function toRunnerRelease({ role, release }: DesiredRelease) {
  return {
    release_id: release.id,
    number: release.number,
    role,
    config_yaml: release.configYaml,
    config_sha256: release.configSha256,
    deployment_ids: release.deploymentIds,
  };
}

@InternalRoute()
@Controller('internal/v1/runner')
export class RunnerController {
  constructor(private readonly releases: RunnerReleaseService) {}

  /** What the runner should run, as soon as it is not what the runner has; 204 when there is nothing new. */
  @Get('release')
  async release(
    @Query() query: RunnerReleaseQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<object | undefined> {
    const desired = await this.releases.nextRelease(runnerCaller, {
      haveId: query.have ?? null,
      waitMs: query.wait_ms,
      isAbandoned: () => isAbandoned(request, response),
    });
    if (desired) return toRunnerRelease(desired);
    response.status(204);
    return undefined;
  }

  @Post('reports')
  @HttpCode(200)
  async report(@Body() body: RunnerReportBody): Promise<object> {
    return this.releases.report(runnerCaller, {
      releaseId: body.release_id,
      phase: body.phase,
      detail: body.detail,
      deploymentIds: body.deployment_ids,
      litellmVersion: body.litellm_version,
      engine: body.engine,
      durationMs: body.duration_ms,
    });
  }
}
