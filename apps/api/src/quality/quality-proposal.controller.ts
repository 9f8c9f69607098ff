import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { QualityService } from '@signalbox/domain/quality';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import { ListQualityProposalsQuery, QualityProposalList, QualityProposalView } from './quality.dto';
import { toQualityProposalView } from './quality.mapper';

@ApiTags('Quality')
@Controller('api/v1/llm/quality/proposals')
export class QualityProposalController {
  constructor(private readonly quality: QualityService) {}

  @Get()
  @ApiOperation({
    summary: 'List what model benchmarks propose as qualities',
    description:
      'Newest first. None of them is in force by itself. Scope: models:read, platform tokens only.',
  })
  @ApiOkResponse({ type: QualityProposalList })
  @ApiErrors('cursor_invalid', 'platform_only')
  async list(
    @CurrentCaller() caller: Caller,
    @Query() query: ListQualityProposalsQuery,
  ): Promise<QualityProposalList> {
    const page = await this.quality.listProposals(caller, query.state, query.limit, query.cursor);
    return { ...page, data: page.data.map(toQualityProposalView) };
  }

  @Post(':id/accept')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Put a proposed quality into force',
    description:
      'It takes the place of what was set before, and reaches the edges within about a second. Scope: models:write, platform tokens only.',
  })
  @ApiOkResponse({ type: QualityProposalView })
  @ApiErrors('quality_proposal_not_found', 'quality_proposal_decided', 'platform_only')
  async accept(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('qualityScore')) id: string,
  ): Promise<QualityProposalView> {
    return toQualityProposalView(await this.quality.accept(caller, id));
  }

  @Post(':id/reject')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Refuse a proposed quality',
    description: 'What is in force stays. Scope: models:write, platform tokens only.',
  })
  @ApiOkResponse({ type: QualityProposalView })
  @ApiErrors('quality_proposal_not_found', 'quality_proposal_decided', 'platform_only')
  async reject(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('qualityScore')) id: string,
  ): Promise<QualityProposalView> {
    return toQualityProposalView(await this.quality.reject(caller, id));
  }
}
