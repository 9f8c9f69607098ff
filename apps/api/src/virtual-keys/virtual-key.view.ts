import { ApiProperty, IntersectionType } from '@nestjs/swagger';
import { virtualKeyStatuses, type VirtualKeyStatus } from '@signalbox/domain/virtual-keys';
import { ApiMetadata } from '../http/metadata.property';
import { LimitFieldsView } from '../limits/limit-fields.dto';
import { MirrorStateView } from '../mirror/mirror-state.view';
import { ReceiptFieldsView } from './receipt.view';

const id = { example: 'key_06f3x2v9k0wz4m8q1r5t7y3b2c' };
const time = { type: String, format: 'date-time', example: '2026-11-21T08:00:00.000Z' } as const;

export class VirtualKeyValueView {
  @ApiProperty({ example: 'sk-...a1B2' })
  key_name!: string;

  @ApiProperty(time)
  created_at!: string;

  @ApiProperty({ ...time, nullable: true, description: 'Set by a rotation; null: as long as the key lives.' })
  valid_until!: string | null;
}

export class VirtualKeyView extends LimitFieldsView {
  @ApiProperty(id)
  id!: string;

  @ApiProperty({
    description: "What may be shown of the newest value, in LiteLLM's form.",
    example: 'sk-...a1B2',
  })
  key_name!: string;

  @ApiProperty({ type: String, nullable: true, example: 'n8n-production' })
  key_alias!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: "The member whose provider keys pay first; a name that is the organization's own.",
    example: 'anna@example.com',
  })
  user_id!: string | null;

  @ApiProperty({ example: 'ws_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  workspace_id!: string;

  @ApiProperty({ example: 'org_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  organization_id!: string;

  @ApiProperty({ type: [String], example: ['smart', 'openai/*'] })
  models!: string[];

  @ApiProperty({ type: Number, nullable: true, description: 'US dollars.', example: 25 })
  max_budget!: number | null;

  @ApiProperty({ type: String, nullable: true, example: '30d' })
  budget_duration!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'The product or app whose limits it shares.',
    example: 'svc_06f3x2v9k0wz4m8q1r5t7y3b2c',
  })
  service_id!: string | null;

  @ApiProperty({ ...time, nullable: true, description: 'null: never.' })
  expires_at!: string | null;

  @ApiMetadata({ required: true })
  metadata!: Record<string, unknown>;

  @ApiProperty({ example: false })
  blocked!: boolean;

  @ApiProperty({ enum: virtualKeyStatuses, example: 'active' })
  status!: VirtualKeyStatus;

  @ApiProperty({
    type: [VirtualKeyValueView],
    description: 'The values that are valid now, the newest first.',
  })
  values!: VirtualKeyValueView[];

  @ApiProperty({ type: MirrorStateView })
  mirror!: MirrorStateView;

  @ApiProperty({ example: 'tok_06f3x2v9k0wz4m8q1r5t7y3b2c' })
  created_by!: string;

  @ApiProperty({ type: 'integer', description: 'Grows by one with each change.', example: 1 })
  version!: number;

  @ApiProperty(time)
  created_at!: string;

  @ApiProperty(time)
  updated_at!: string;

  @ApiProperty({ ...time, nullable: true })
  revoked_at!: string | null;
}

export class VirtualKeyWithValueView extends VirtualKeyView {
  @ApiProperty({
    description: 'The value. It is shown this once and cannot be had again.',
    example: 'sk-sb-...',
  })
  key!: string;
}

export class VirtualKeyWithReceiptView extends IntersectionType(VirtualKeyView, ReceiptFieldsView) {}

export class RotatedVirtualKeyView extends IntersectionType(VirtualKeyWithValueView, ReceiptFieldsView) {}

export class DeletedVirtualKeyView extends ReceiptFieldsView {
  @ApiProperty(id)
  id!: string;

  @ApiProperty({ example: true })
  deleted!: boolean;
}

export class VirtualKeyListView {
  @ApiProperty({ type: [VirtualKeyView] })
  data!: VirtualKeyView[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Send it as cursor for the next page; null: the last one.',
    example: null,
  })
  next_cursor!: string | null;
}
