import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { BenchmarkRunService } from '@signalbox/domain/benchmarks';
import { nanoUsdOf, picoUsdOf } from '@signalbox/gateway';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import { PageQuery } from '../http/page-query.dto';
import {
  BenchmarkReportView,
  BenchmarkResultListView,
  BenchmarkRunListView,
  BenchmarkRunView,
  ListBenchmarkResultsQuery,
  StartBenchmarkBody,
} from './benchmark.dto';
import { toBenchmarkReportView, toBenchmarkResultView, toBenchmarkRunView } from './benchmark.mapper';

@ApiTags('Benchmarks')
@Controller('api/v1/llm/benchmarks/runs')
export class BenchmarkRunController {
  constructor(private readonly runs: BenchmarkRunService) {}

  @Post()
  @ApiOperation({
    summary: 'Benchmark models',
    description:
      "A worker asks the models small tasks with checkable answers, through port 4000 with a virtual key of the platform's own, and never spends more than max_cost_usd. The quality is proposed, never set. Runs are made one after another. Scope: models:write, platform tokens only.",
  })
  @ApiCreatedResponse({ type: BenchmarkRunView })
  @ApiErrors(
    'benchmark_price_unknown',
    'benchmark_runs_waiting',
    'benchmark_schedule_limit_reached',
    'platform_only',
  )
  async start(@CurrentCaller() caller: Caller, @Body() body: StartBenchmarkBody): Promise<BenchmarkRunView> {
    const input = {
      models: body.models,
      suite: body.suite,
      samples: body.samples,
      capNanoUsd: nanoUsdOf(picoUsdOf(body.max_cost_usd) ?? 0),
      allowUnpriced: body.allow_unpriced,
    };
    return toBenchmarkRunView(await this.runs.start(caller, input, body.schedule ?? null));
  }

  @Get()
  @ApiOperation({
    summary: 'List benchmark runs',
    description: 'Newest first. Scope: models:read, platform tokens only.',
  })
  @ApiOkResponse({ type: BenchmarkRunListView })
  @ApiErrors('cursor_invalid', 'platform_only')
  async list(@CurrentCaller() caller: Caller, @Query() query: PageQuery): Promise<BenchmarkRunListView> {
    const page = await this.runs.list(caller, query.limit, query.cursor);
    return { ...page, data: page.data.map(toBenchmarkRunView) };
  }

  @Get(':id')
  @ApiOperation({
    summary: 'Get a benchmark run',
    description:
      'How far it is, and for each model its quality with the arithmetic, latency, cost and failures so far. Scope: models:read, platform tokens only.',
  })
  @ApiOkResponse({ type: BenchmarkReportView })
  @ApiErrors('benchmark_run_not_found', 'platform_only')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('benchmarkRun')) id: string,
  ): Promise<BenchmarkReportView> {
    return toBenchmarkReportView(await this.runs.get(caller, id));
  }

  @Get(':id/results')
  @ApiOperation({
    summary: 'List the results of a benchmark run',
    description:
      'One for each model, task and sample, by model and task. Scope: models:read, platform tokens only.',
  })
  @ApiOkResponse({ type: BenchmarkResultListView })
  @ApiErrors('benchmark_run_not_found', 'cursor_invalid', 'platform_only')
  async results(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('benchmarkRun')) id: string,
    @Query() query: ListBenchmarkResultsQuery,
  ): Promise<BenchmarkResultListView> {
    const { model, state, limit, cursor } = query;
    const page = await this.runs.listResults(caller, id, { model, state }, limit, cursor);
    return { ...page, data: page.data.map(toBenchmarkResultView) };
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Cancel a benchmark run',
    description:
      'No call is made any more; those under way end, and what they cost is counted. Scope: models:write, platform tokens only.',
  })
  @ApiOkResponse({ type: BenchmarkRunView })
  @ApiErrors('benchmark_run_not_found', 'benchmark_run_ended', 'platform_only')
  async cancel(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('benchmarkRun')) id: string,
  ): Promise<BenchmarkRunView> {
    return toBenchmarkRunView(await this.runs.cancel(caller, id));
  }
}
