import { Controller, Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { BenchmarkScheduleService } from '@signalbox/domain/benchmarks';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import { PageQuery } from '../http/page-query.dto';
import { BenchmarkScheduleListView } from './benchmark.dto';
import { toBenchmarkScheduleView } from './benchmark.mapper';

@ApiTags('Benchmarks')
@Controller('api/v1/llm/benchmarks/schedules')
export class BenchmarkScheduleController {
  constructor(private readonly schedules: BenchmarkScheduleService) {}

  @Get()
  @ApiOperation({
    summary: 'List benchmark schedules',
    description:
      'Runs that are made each day or week: POST /api/v1/llm/benchmarks/runs with `schedule` adds one. Newest first. Scope: models:read, platform tokens only.',
  })
  @ApiOkResponse({ type: BenchmarkScheduleListView })
  @ApiErrors('cursor_invalid', 'platform_only')
  async list(@CurrentCaller() caller: Caller, @Query() query: PageQuery): Promise<BenchmarkScheduleListView> {
    const page = await this.schedules.list(caller, query.limit, query.cursor);
    return { ...page, data: page.data.map(toBenchmarkScheduleView) };
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Delete a benchmark schedule',
    description: 'Its runs stay, one that is under way goes on. Scope: models:write, platform tokens only.',
  })
  @ApiNoContentResponse()
  @ApiErrors('benchmark_schedule_not_found', 'platform_only')
  async delete(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('benchmarkSchedule')) id: string,
  ): Promise<void> {
    await this.schedules.delete(caller, id);
  }
}
