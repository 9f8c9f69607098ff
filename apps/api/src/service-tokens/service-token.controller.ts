import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@signalbox/common';
import type { Caller } from '@signalbox/domain/access';
import { CLOCK } from '@signalbox/domain/core';
import { ServiceTokenService } from '@signalbox/domain/service-tokens';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import {
  CreateServiceTokenBody,
  ListServiceTokensQuery,
  ServiceTokenListView,
  ServiceTokenView,
  ServiceTokenWithValueView,
} from './service-token.dto';
import {
  toCreateServiceToken,
  toServiceTokenFilter,
  toServiceTokenView,
  toServiceTokenWithValueView,
} from './service-token.mapper';

@ApiTags('Service tokens')
@Controller('api/v1/service-tokens')
export class ServiceTokenController {
  constructor(
    private readonly tokens: ServiceTokenService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Create a service token',
    description:
      'Its value is in this answer and never again. It gets at most the scopes and the organization of the calling token. Scope tokens:write.',
  })
  @ApiCreatedResponse({ type: ServiceTokenWithValueView })
  @ApiErrors('organization_not_found', 'platform_only')
  async create(
    @CurrentCaller() caller: Caller,
    @Body() body: CreateServiceTokenBody,
  ): Promise<ServiceTokenWithValueView> {
    const made = await this.tokens.create(caller, toCreateServiceToken(body));
    return toServiceTokenWithValueView(made, this.clock.now());
  }

  @Get()
  @ApiOperation({ summary: 'List service tokens', description: 'Newest first. Scope tokens:read.' })
  @ApiOkResponse({ type: ServiceTokenListView })
  @ApiErrors('cursor_invalid')
  async list(
    @CurrentCaller() caller: Caller,
    @Query() query: ListServiceTokensQuery,
  ): Promise<ServiceTokenListView> {
    const page = await this.tokens.list(caller, toServiceTokenFilter(query), query.limit, query.cursor);
    const now = this.clock.now();
    return { ...page, data: page.data.map((token) => toServiceTokenView(token, now)) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show a service token', description: 'Scope tokens:read.' })
  @ApiOkResponse({ type: ServiceTokenView })
  @ApiErrors('service_token_not_found')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('serviceToken')) id: string,
  ): Promise<ServiceTokenView> {
    return toServiceTokenView(await this.tokens.get(caller, id), this.clock.now());
  }

  @Post(':id/revoke')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Revoke a service token for good',
    description:
      'It is refused from the next request on. Doing it again changes nothing. Scope tokens:write.',
  })
  @ApiOkResponse({ type: ServiceTokenView })
  @ApiErrors('service_token_not_found')
  async revoke(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('serviceToken')) id: string,
  ): Promise<ServiceTokenView> {
    return toServiceTokenView(await this.tokens.revoke(caller, id), this.clock.now());
  }
}
