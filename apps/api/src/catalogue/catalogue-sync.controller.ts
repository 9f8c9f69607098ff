import { Controller, Get, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { CatalogueSyncService } from '@signalbox/domain/catalogue';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { PageQuery } from '../http/page-query.dto';
import { CatalogueSyncListView, CatalogueSyncView } from './catalogue.dto';
import { toCatalogueSyncView } from './catalogue.mapper';

@ApiTags('Catalogue')
@Controller('api/v1/llm/catalogue/syncs')
export class CatalogueSyncController {
  constructor(private readonly syncs: CatalogueSyncService) {}

  @Post()
  @ApiOperation({
    summary: 'Make the catalogue current',
    description:
      'A worker asks OpenRouter and LiteLLM for their models and prices, as it does every day, and shows its progress here. One at a time: one that waits after a failure tries again at once, and is the answer. Scope: models:write, platform tokens only.',
  })
  @ApiCreatedResponse({ type: CatalogueSyncView })
  @ApiErrors('catalogue_sync_in_progress', 'platform_only')
  async start(@CurrentCaller() caller: Caller): Promise<CatalogueSyncView> {
    return toCatalogueSyncView(await this.syncs.start(caller));
  }

  @Get()
  @ApiOperation({
    summary: 'List syncs of the catalogue',
    description: 'Newest first. Scope: models:read, platform tokens only.',
  })
  @ApiOkResponse({ type: CatalogueSyncListView })
  @ApiErrors('cursor_invalid', 'platform_only')
  async list(@CurrentCaller() caller: Caller, @Query() query: PageQuery): Promise<CatalogueSyncListView> {
    const page = await this.syncs.list(caller, query.limit, query.cursor);
    return { ...page, data: page.data.map(toCatalogueSyncView) };
  }
}
