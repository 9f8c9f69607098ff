import { Body, Controller, Delete, Get, HttpCode, Put, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { QualityService } from '@signalbox/domain/quality';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { SlashedParam } from '../http/slashed-param.decorator';
import { ListQualityQuery, QualityList, QualityView, SetQualityBody } from './quality.dto';
import { tableView, toQualityView, toSetQualityView } from './quality.mapper';

const modelParam = { name: 'model', type: String, example: 'openai/gpt-4o-mini' };

@ApiTags('Quality')
@Controller('api/v1/llm/quality')
export class QualityController {
  constructor(private readonly quality: QualityService) {}

  @Get()
  @ApiOperation({
    summary: 'List how good models are said to be, and by whom',
    description:
      'What admins set and what was accepted of benchmarks, and the table that comes with the product, by name. docs/quality.md says what the figures are, and which one counts. Scope: models:read, platform tokens only.',
  })
  @ApiOkResponse({ type: QualityList })
  @ApiErrors('cursor_invalid', 'platform_only')
  async list(@CurrentCaller() caller: Caller, @Query() query: ListQualityQuery): Promise<QualityList> {
    const { search, source, limit, cursor } = query;
    const page = await this.quality.listInForce(caller, { search, source }, limit, cursor);
    return { ...page, data: page.data.map(toQualityView), table: tableView };
  }

  @Put('*model')
  @ApiOperation({
    summary: 'Set the quality of a model',
    description:
      'Of a model of this installation by its name, or of an entry of the catalogue by its id (slashes may be encoded or not). It reaches the edges within about a second. Scope: models:write, platform tokens only.',
  })
  @ApiParam(modelParam)
  @ApiOkResponse({ type: QualityView })
  @ApiErrors('model_not_found', 'platform_only')
  async set(
    @CurrentCaller() caller: Caller,
    @SlashedParam({ name: 'model', notFound: 'model_not_found' }) model: string,
    @Body() body: SetQualityBody,
  ): Promise<QualityView> {
    const row = await this.quality.set(caller, model, { score: body.score, note: body.note ?? null });
    return toSetQualityView(row);
  }

  @Delete('*model')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Take back what was set for a model',
    description: "The table's figure counts again. Scope: models:write, platform tokens only.",
  })
  @ApiParam(modelParam)
  @ApiNoContentResponse()
  @ApiErrors('quality_score_not_found', 'platform_only')
  async remove(
    @CurrentCaller() caller: Caller,
    @SlashedParam({ name: 'model', notFound: 'quality_score_not_found' }) model: string,
  ): Promise<void> {
    await this.quality.remove(caller, model);
  }
}
