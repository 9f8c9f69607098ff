import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { CatalogueEntryService } from '@signalbox/domain/catalogue';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { SlashedParam } from '../http/slashed-param.decorator';
import {
  CatalogueEntryDetailView,
  CatalogueEntryPage,
  CataloguePriceList,
  CataloguePriceQuery,
  CreateCatalogueEntryBody,
  ListCatalogueQuery,
  UpdateCatalogueEntryBody,
} from './catalogue-entry.dto';
import { toEntryDetailView, toEntryView, toManualChange, toPriceView } from './catalogue-entry.mapper';

const idParam = { name: 'id', type: String, example: 'openai/gpt-4o-mini' };
const EntryId = (): ParameterDecorator => SlashedParam({ name: 'id', notFound: 'catalogue_entry_not_found' });

@ApiTags('Catalogue')
@Controller('api/v1/llm/catalogue')
export class CatalogueEntryController {
  constructor(private readonly entries: CatalogueEntryService) {}

  @Get()
  @ApiOperation({
    summary: 'List the models of the world, by id',
    description:
      'Whether or not this installation has deployments of them; docs/catalogue.md. Prices that were written by hand are shown to platform tokens only. Scope: models:read.',
  })
  @ApiOkResponse({ type: CatalogueEntryPage })
  @ApiErrors('cursor_invalid')
  async list(
    @CurrentCaller() caller: Caller,
    @Query() query: ListCatalogueQuery,
  ): Promise<CatalogueEntryPage> {
    const { search, vendor, mode, status, tools, limit, cursor } = query;
    const filter = {
      search,
      vendor,
      mode,
      status,
      tools,
      provider: query.offered_by,
      inputModality: query.input_modality,
      outputModality: query.output_modality,
      minContextLength: query.min_context_length,
      maxInputPrice: query.max_input_price,
      maxOutputPrice: query.max_output_price,
    };
    const page = await this.entries.list(caller, filter, limit, cursor);
    return { ...page, data: page.data.map(toEntryView) };
  }

  @Post()
  @ApiOperation({
    summary: 'Add a model by hand',
    description:
      'One that no source knows: a local or a private one. What is written by hand is never changed by a sync. Scope: models:write, platform tokens only.',
  })
  @ApiCreatedResponse({ type: CatalogueEntryDetailView })
  @ApiErrors('catalogue_entry_exists', 'platform_only')
  async create(
    @CurrentCaller() caller: Caller,
    @Body() { id, ...body }: CreateCatalogueEntryBody,
  ): Promise<CatalogueEntryDetailView> {
    return toEntryDetailView(await this.entries.create(caller, { ...toManualChange(body), id }));
  }

  // Before the route of the entry itself, whose wildcard would take `/prices` for a part of an id.
  @Get('*id/prices')
  @ApiOperation({
    summary: 'What a model cost, costs and will cost',
    description: 'Newest first, those that come into force later too. Scope: models:read.',
  })
  @ApiParam(idParam)
  @ApiOkResponse({ type: CataloguePriceList })
  @ApiErrors('catalogue_entry_not_found', 'cursor_invalid')
  async prices(
    @CurrentCaller() caller: Caller,
    @EntryId() id: string,
    @Query() query: CataloguePriceQuery,
  ): Promise<CataloguePriceList> {
    const subject = { entryId: id, provider: query.offered_by };
    const page = await this.entries.priceHistory(caller, subject, query.limit, query.cursor);
    return { ...page, data: page.data.map(toPriceView) };
  }

  @Get('*id')
  @ApiOperation({
    summary: 'Show a model of the catalogue, each field with its source',
    description: 'Slashes of the id may be encoded or not. Scope: models:read.',
  })
  @ApiParam(idParam)
  @ApiOkResponse({ type: CatalogueEntryDetailView })
  @ApiErrors('catalogue_entry_not_found')
  async get(@CurrentCaller() caller: Caller, @EntryId() id: string): Promise<CatalogueEntryDetailView> {
    return toEntryDetailView(await this.entries.get(caller, id));
  }

  @Patch('*id')
  @ApiOperation({
    summary: 'Write something into a model of the catalogue by hand',
    description:
      'Into one of a sync too: its word on these fields and prices counts no more. What is left out stays, null takes back. Scope: models:write, platform tokens only.',
  })
  @ApiParam(idParam)
  @ApiOkResponse({ type: CatalogueEntryDetailView })
  @ApiErrors('catalogue_entry_not_found', 'platform_only')
  async update(
    @CurrentCaller() caller: Caller,
    @EntryId() id: string,
    @Body() body: UpdateCatalogueEntryBody,
  ): Promise<CatalogueEntryDetailView> {
    return toEntryDetailView(await this.entries.update(caller, id, toManualChange(body)));
  }

  @Delete('*id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Remove a model that was added by hand',
    description: 'With its prices. Scope: models:write, platform tokens only.',
  })
  @ApiParam(idParam)
  @ApiNoContentResponse()
  @ApiErrors('catalogue_entry_not_found', 'catalogue_entry_not_manual', 'platform_only')
  async delete(@CurrentCaller() caller: Caller, @EntryId() id: string): Promise<void> {
    await this.entries.delete(caller, id);
  }
}
