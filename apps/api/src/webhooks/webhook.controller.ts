import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Caller } from '@signalbox/domain/access';
import { WebhookService } from '@signalbox/domain/notifications';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import {
  CreateWebhookBody,
  ListDeliveriesQuery,
  ListWebhooksQuery,
  UpdateWebhookBody,
  WebhookDeliveryListView,
  WebhookDeliveryView,
  WebhookListView,
  WebhookView,
  WebhookWithSecretView,
} from './webhook.dto';
import {
  toCreateWebhook,
  toWebhookDeliveryView,
  toWebhookView,
  toWebhookWithSecretView,
} from './webhook.mapper';

@ApiTags('Webhooks')
@Controller('api/v1/webhooks')
export class WebhookController {
  constructor(private readonly webhooks: WebhookService) {}

  @Post()
  @ApiOperation({
    summary: 'Create a webhook',
    description:
      'Events are signed as standardwebhooks.com says; the secret for it is in this answer and never again. Scope webhooks:write.',
  })
  @ApiCreatedResponse({ type: WebhookWithSecretView })
  @ApiErrors('organization_not_found', 'platform_only', 'webhook_limit_reached', 'base_url_forbidden')
  async create(
    @CurrentCaller() caller: Caller,
    @Body() body: CreateWebhookBody,
  ): Promise<WebhookWithSecretView> {
    return toWebhookWithSecretView(await this.webhooks.create(caller, toCreateWebhook(body)));
  }

  @Get()
  @ApiOperation({ summary: 'List webhooks', description: 'Newest first. Scope webhooks:read.' })
  @ApiOkResponse({ type: WebhookListView })
  @ApiErrors('cursor_invalid')
  async list(@CurrentCaller() caller: Caller, @Query() query: ListWebhooksQuery): Promise<WebhookListView> {
    const filter = { organizationId: query.organization_id };
    const page = await this.webhooks.list(caller, filter, query.limit, query.cursor);
    return { ...page, data: page.data.map(toWebhookView) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show a webhook', description: 'Scope webhooks:read.' })
  @ApiOkResponse({ type: WebhookView })
  @ApiErrors('webhook_not_found')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('webhook')) id: string,
  ): Promise<WebhookView> {
    return toWebhookView(await this.webhooks.get(caller, id));
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Change a webhook', description: 'Scope webhooks:write.' })
  @ApiOkResponse({ type: WebhookView })
  @ApiErrors('webhook_not_found', 'base_url_forbidden')
  async update(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('webhook')) id: string,
    @Body() body: UpdateWebhookBody,
  ): Promise<WebhookView> {
    return toWebhookView(await this.webhooks.update(caller, id, body));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({
    summary: 'Delete a webhook',
    description: 'What was not delivered yet is dropped. Scope webhooks:write.',
  })
  @ApiNoContentResponse()
  @ApiErrors('webhook_not_found')
  async delete(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('webhook')) id: string,
  ): Promise<void> {
    await this.webhooks.delete(caller, id);
  }

  @Post(':id/test')
  @HttpCode(202)
  @ApiOperation({
    summary: 'Send a test event',
    description:
      'An event of the type webhook.test, sent within seconds; see the deliveries for what became of it. Scope webhooks:write.',
  })
  @ApiAcceptedResponse({ type: WebhookDeliveryView })
  @ApiErrors('webhook_not_found')
  async test(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('webhook')) id: string,
  ): Promise<WebhookDeliveryView> {
    return toWebhookDeliveryView(await this.webhooks.test(caller, id));
  }

  @Get(':id/deliveries')
  @ApiOperation({
    summary: 'List the deliveries of a webhook',
    description: 'Newest first, of the last 30 days. Scope webhooks:read.',
  })
  @ApiOkResponse({ type: WebhookDeliveryListView })
  @ApiErrors('webhook_not_found', 'cursor_invalid')
  async deliveries(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('webhook')) id: string,
    @Query() query: ListDeliveriesQuery,
  ): Promise<WebhookDeliveryListView> {
    const filter = { status: query.status };
    const page = await this.webhooks.deliveries(caller, id, filter, query.limit, query.cursor);
    return { ...page, data: page.data.map(toWebhookDeliveryView) };
  }
}
