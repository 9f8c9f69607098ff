import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import type { ProviderEntity } from '@signalbox/database';
import { ProviderHealthService } from '@signalbox/domain/provider-health';
import { ProviderService } from '@signalbox/domain/providers';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { toStatedFacts } from '../facts/facts.mapper';
import { IdParam } from '../http/id-param.pipe';
import {
  CreateProviderBody,
  ListProvidersQuery,
  ProviderHealthDetailView,
  ProviderKindList,
  ProviderPage,
  ProviderView,
  ReplaceProviderBody,
  UpdateProviderBody,
} from './provider.dto';
import { toHealthDetailView, toProviderFields, toProviderKindViews, toProviderView } from './provider.mapper';

@ApiTags('Providers')
@Controller('api/v1/llm')
export class ProviderController {
  constructor(
    private readonly providers: ProviderService,
    private readonly health: ProviderHealthService,
  ) {}

  @Get('provider-kinds')
  @ApiOperation({
    summary: 'The kinds of providers, and what each needs',
    description: 'No scope is needed.',
  })
  @ApiOkResponse({ type: ProviderKindList })
  kinds(): ProviderKindList {
    return { data: toProviderKindViews() };
  }

  @Get('providers')
  @ApiOperation({ summary: 'List providers, by name', description: 'Scope: models:read.' })
  @ApiOkResponse({ type: ProviderPage })
  @ApiErrors('cursor_invalid')
  async list(@CurrentCaller() caller: Caller, @Query() query: ListProvidersQuery): Promise<ProviderPage> {
    const filter = { search: query.search, kind: query.kind, enabled: query.enabled };
    const page = await this.providers.list(caller, filter, query.limit, query.cursor);
    const health = await this.health.ofProviders(
      caller,
      page.data.map(({ id }) => id),
    );
    return {
      ...page,
      data: page.data.map((provider) => toProviderView(provider, health.get(provider.id), caller)),
    };
  }

  @Post('providers')
  @ApiOperation({ summary: 'Add a provider', description: 'Scope: models:write, platform tokens only.' })
  @ApiCreatedResponse({ type: ProviderView })
  @ApiErrors('provider_name_taken', 'platform_only')
  async create(@CurrentCaller() caller: Caller, @Body() body: CreateProviderBody): Promise<ProviderView> {
    const { name, kind, ...fields } = body;
    const input = { ...toProviderFields(fields), name, kind };
    return this.shown(caller, await this.providers.create(caller, input));
  }

  @Get('providers/:id')
  @ApiOperation({ summary: 'Show a provider', description: 'Scope: models:read.' })
  @ApiOkResponse({ type: ProviderView })
  @ApiErrors('provider_not_found')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('provider')) id: string,
  ): Promise<ProviderView> {
    return this.shown(caller, await this.providers.get(caller, id));
  }

  @Get('providers/:id/health')
  @ApiOperation({
    summary: 'How a provider is',
    description:
      "By what the edges saw of their calls, and by checks that cost nothing, at most 5 minutes ago. A customer's key is never tried. Scope: models:read.",
  })
  @ApiOkResponse({ type: ProviderHealthDetailView })
  @ApiErrors('provider_not_found')
  async showHealth(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('provider')) id: string,
  ): Promise<ProviderHealthDetailView> {
    const provider = await this.providers.get(caller, id);
    const health = await this.health.ofProviders(caller, [id]);
    return toHealthDetailView(provider, health.get(id), caller);
  }

  @Put('providers/:id')
  @ApiOperation({
    summary: 'Replace a provider',
    description:
      'What is left out takes its default. LiteLLM gets it with the next config release. Scope: models:write, platform tokens only.',
  })
  @ApiOkResponse({ type: ProviderView })
  @ApiErrors('provider_not_found', 'provider_name_taken', 'platform_only')
  async replace(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('provider')) id: string,
    @Body() body: ReplaceProviderBody,
  ): Promise<ProviderView> {
    const provider = await this.providers.update(caller, id, {
      name: body.name,
      baseUrl: body.base_url ?? null,
      description: body.description ?? null,
      enabled: body.enabled ?? true,
      facts: toStatedFacts(body.facts ?? {}),
      replaceFacts: true,
    });
    return this.shown(caller, provider);
  }

  @Patch('providers/:id')
  @ApiOperation({
    summary: 'Change a provider',
    description:
      'Only what is given changes. LiteLLM gets it with the next config release. Scope: models:write, platform tokens only.',
  })
  @ApiOkResponse({ type: ProviderView })
  @ApiErrors('provider_not_found', 'provider_name_taken', 'platform_only')
  async update(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('provider')) id: string,
    @Body() body: UpdateProviderBody,
  ): Promise<ProviderView> {
    return this.shown(caller, await this.providers.update(caller, id, toProviderFields(body)));
  }

  @Delete('providers/:id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Remove a provider that no deployment uses',
    description: 'Scope: models:write, platform tokens only.',
  })
  @ApiNoContentResponse()
  @ApiErrors('provider_not_found', 'provider_in_use', 'platform_only')
  async delete(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('provider')) id: string,
  ): Promise<void> {
    await this.providers.delete(caller, id);
  }

  private async shown(caller: Caller, provider: ProviderEntity): Promise<ProviderView> {
    const health = await this.health.ofProviders(caller, [provider.id]);
    return toProviderView(provider, health.get(provider.id), caller);
  }
}
