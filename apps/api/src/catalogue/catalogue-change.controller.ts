import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { CatalogueSyncService } from '@signalbox/domain/catalogue';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import { CatalogueChangeListView, CatalogueChangeView, ListCatalogueChangesQuery } from './catalogue.dto';
import { toCatalogueChangeView } from './catalogue.mapper';

@ApiTags('Catalogue')
@Controller('api/v1/llm/catalogue/changes')
export class CatalogueChangeController {
  constructor(private readonly syncs: CatalogueSyncService) {}

  @Get()
  @ApiOperation({
    summary: 'List changes that a sync held back because they look wrong',
    description:
      'Newest first: a price ten times what it was, a price of 0, a third of the models gone ... What was good before stays in force. Scope: models:read, platform tokens only.',
  })
  @ApiOkResponse({ type: CatalogueChangeListView })
  @ApiErrors('cursor_invalid', 'platform_only')
  async list(
    @CurrentCaller() caller: Caller,
    @Query() query: ListCatalogueChangesQuery,
  ): Promise<CatalogueChangeListView> {
    const page = await this.syncs.listChanges(caller, query.state, query.limit, query.cursor);
    return { ...page, data: page.data.map(toCatalogueChangeView) };
  }

  @Post(':id/approve')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Let a held change pass',
    description:
      'From now on its price is in force, or its models count as vanished. Scope: models:write, platform tokens only.',
  })
  @ApiOkResponse({ type: CatalogueChangeView })
  @ApiErrors('catalogue_change_not_found', 'catalogue_change_decided', 'platform_only')
  async approve(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('catalogueChange')) id: string,
  ): Promise<CatalogueChangeView> {
    return toCatalogueChangeView(await this.syncs.approve(caller, id));
  }

  @Post(':id/reject')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Refuse a held change',
    description:
      'What is in force stays, and the same change is not held again. Scope: models:write, platform tokens only.',
  })
  @ApiOkResponse({ type: CatalogueChangeView })
  @ApiErrors('catalogue_change_not_found', 'catalogue_change_decided', 'platform_only')
  async reject(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('catalogueChange')) id: string,
  ): Promise<CatalogueChangeView> {
    return toCatalogueChangeView(await this.syncs.reject(caller, id));
  }
}
