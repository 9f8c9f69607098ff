import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@signalbox/common';
import type { Caller } from '@signalbox/domain/access';
import { CLOCK } from '@signalbox/domain/core';
import { ReceiptService } from '@signalbox/domain/receipts';
import { type VirtualKeyDetails, VirtualKeyService } from '@signalbox/domain/virtual-keys';
import { CurrentCaller } from '../http/access.decorators';
import { ApiErrors } from '../http/api-errors.decorator';
import { IdParam } from '../http/id-param.pipe';
import {
  CreateVirtualKeyBody,
  ListVirtualKeysQuery,
  RotateVirtualKeyBody,
  UpdateVirtualKeyBody,
} from './virtual-key.dto';
import {
  toCreate,
  toFilter,
  toUpdate,
  toVirtualKeyView,
  toVirtualKeyWithValueView,
} from './virtual-key.mapper';
import { noReceipt, toReceiptFields, toShownReceipt } from './receipt.mapper';
import { type ReceiptFieldsView, ShownKeyReceiptView } from './receipt.view';
import {
  DeletedVirtualKeyView,
  RotatedVirtualKeyView,
  VirtualKeyListView,
  VirtualKeyView,
  VirtualKeyWithReceiptView,
  VirtualKeyWithValueView,
} from './virtual-key.view';

@ApiTags('Virtual keys')
@Controller('api/v1/keys')
export class VirtualKeyController {
  constructor(
    private readonly virtualKeys: VirtualKeyService,
    private readonly receipts: ReceiptService,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post()
  @ApiOperation({
    summary: 'Create a virtual key',
    description: 'The key works at once. Its value is in this answer and never again. Scope keys:write.',
  })
  @ApiCreatedResponse({ type: VirtualKeyWithValueView })
  @ApiErrors('workspace_not_found', 'service_not_found', 'virtual_key_alias_taken')
  async create(
    @CurrentCaller() caller: Caller,
    @Body() body: CreateVirtualKeyBody,
  ): Promise<VirtualKeyWithValueView> {
    const made = await this.virtualKeys.create(caller, toCreate(body));
    return toVirtualKeyWithValueView(made, this.clock.now());
  }

  @Get()
  @ApiOperation({
    summary: 'List virtual keys',
    description: 'Newest first. Deleted keys are not listed. Scope keys:read.',
  })
  @ApiOkResponse({ type: VirtualKeyListView })
  @ApiErrors('cursor_invalid')
  async list(
    @CurrentCaller() caller: Caller,
    @Query() query: ListVirtualKeysQuery,
  ): Promise<VirtualKeyListView> {
    const page = await this.virtualKeys.list(caller, toFilter(query), query.limit, query.cursor);
    const now = this.clock.now();
    return { ...page, data: page.data.map((details) => toVirtualKeyView(details, now)) };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Show a virtual key', description: 'Scope keys:read.' })
  @ApiOkResponse({ type: VirtualKeyView })
  @ApiErrors('virtual_key_not_found')
  async get(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('virtualKey')) id: string,
  ): Promise<VirtualKeyView> {
    return toVirtualKeyView(await this.virtualKeys.get(caller, id), this.clock.now());
  }

  @Patch(':id')
  @ApiOperation({
    summary: 'Change a virtual key',
    description:
      'Only the given fields change. With blocked, the answer carries a receipt of the edges. Scope keys:write.',
  })
  @ApiOkResponse({ type: VirtualKeyWithReceiptView })
  @ApiErrors(
    'virtual_key_not_found',
    'virtual_key_revoked',
    'virtual_key_alias_taken',
    'service_not_found',
    'version_conflict',
  )
  async update(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('virtualKey')) id: string,
    @Body() body: UpdateVirtualKeyBody,
  ): Promise<VirtualKeyWithReceiptView> {
    const updated = await this.virtualKeys.update(caller, id, toUpdate(body));
    const receipt = body.blocked === undefined ? noReceipt : await this.receiptOf(updated);
    return { ...toVirtualKeyView(updated, this.clock.now()), ...receipt };
  }

  @Post(':id/rotate')
  @ApiOperation({
    summary: 'Give a virtual key a new value',
    description:
      'The older values stay valid for the overlap. The new value is in this answer and never again; the receipt names the edges that know it. Scope keys:write.',
  })
  @ApiCreatedResponse({ type: RotatedVirtualKeyView })
  @ApiErrors('virtual_key_not_found', 'virtual_key_revoked', 'virtual_key_too_many_values')
  async rotate(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('virtualKey')) id: string,
    @Body() body: RotateVirtualKeyBody,
  ): Promise<RotatedVirtualKeyView> {
    const rotated = await this.virtualKeys.rotate(caller, id, body.overlap ?? '0s');
    return { ...toVirtualKeyWithValueView(rotated, this.clock.now()), ...(await this.receiptOf(rotated)) };
  }

  @Post(':id/revoke')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Revoke a virtual key for good',
    description:
      'All its values are refused from now on; the receipt names the edges that know it. Doing it again changes nothing. Scope keys:write.',
  })
  @ApiOkResponse({ type: VirtualKeyWithReceiptView })
  @ApiErrors('virtual_key_not_found')
  async revoke(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('virtualKey')) id: string,
  ): Promise<VirtualKeyWithReceiptView> {
    const revoked = await this.virtualKeys.revoke(caller, id);
    return { ...toVirtualKeyView(revoked, this.clock.now()), ...(await this.receiptOf(revoked)) };
  }

  @Delete(':id')
  @ApiOperation({
    summary: 'Delete a virtual key',
    description:
      'It is refused from now on and no longer listed; the receipt names the edges that know it. Scope keys:write.',
  })
  @ApiOkResponse({ type: DeletedVirtualKeyView })
  @ApiErrors('virtual_key_not_found')
  async delete(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('virtualKey')) id: string,
  ): Promise<DeletedVirtualKeyView> {
    return { id, deleted: true, ...(await this.receiptOf(await this.virtualKeys.delete(caller, id))) };
  }

  @Get(':id/receipt')
  @ApiOperation({
    summary: "Show which edges know a virtual key's last change",
    description: 'Also of a revoked or deleted key. Times are kept for a day. Scope keys:read.',
  })
  @ApiOkResponse({ type: ShownKeyReceiptView })
  @ApiErrors('virtual_key_not_found')
  async receipt(
    @CurrentCaller() caller: Caller,
    @Param('id', new IdParam('virtualKey')) id: string,
  ): Promise<ShownKeyReceiptView> {
    return toShownReceipt(await this.receipts.get(caller, id));
  }

  private async receiptOf({ key }: VirtualKeyDetails): Promise<ReceiptFieldsView> {
    return toReceiptFields(await this.receipts.after(key));
  }
}
