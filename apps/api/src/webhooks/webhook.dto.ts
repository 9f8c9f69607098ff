import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { type NotificationType, notificationTypes } from '@signalbox/domain/notifications';
import { ArrayMaxSize, IsArray, IsBoolean, IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import { IsIdOf, MayBeLeftOut, Nullable } from '../http/fields';
import { PageQuery } from '../http/page-query.dto';

const deliveryStatuses = ['pending', 'delivered', 'failed'] as const;
type DeliveryStatus = (typeof deliveryStatuses)[number];

export class CreateWebhookBody {
  @ApiProperty({
    description: 'Where events are sent (POST). Private addresses only if the operator allows the host.',
    maxLength: 1_000,
    example: 'https://example.com/hooks/signalbox',
  })
  @IsString()
  @MaxLength(1_000)
  url!: string;

  @ApiPropertyOptional({
    description: 'Which events; empty or left out: every one.',
    enum: notificationTypes,
    isArray: true,
    maxItems: 50,
    example: ['credential.invalid', 'credential.expiring'],
  })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(50)
  @IsIn(notificationTypes, { each: true })
  events?: NotificationType[];

  @ApiPropertyOptional({
    description:
      'Whose events. null: the platform, which hears of every organization. Left out: as the calling token is bound.',
    type: String,
    nullable: true,
    example: 'org_01m7ykrzh0earb9nt9fe65dsgn',
  })
  @Nullable()
  @IsIdOf('organization')
  organization_id?: string | null;

  @ApiPropertyOptional({ description: 'false: nothing is sent; what is due waits.', example: true })
  @MayBeLeftOut()
  @IsBoolean()
  enabled?: boolean;
}

export class UpdateWebhookBody {
  @ApiPropertyOptional({ maxLength: 1_000, example: 'https://example.com/hooks/signalbox' })
  @MayBeLeftOut()
  @IsString()
  @MaxLength(1_000)
  url?: string;

  @ApiPropertyOptional({
    description: 'Replaces the list; empty: every event.',
    enum: notificationTypes,
    isArray: true,
    maxItems: 50,
    example: ['credential.invalid'],
  })
  @MayBeLeftOut()
  @IsArray()
  @ArrayMaxSize(50)
  @IsIn(notificationTypes, { each: true })
  events?: NotificationType[];

  @ApiPropertyOptional({ example: true })
  @MayBeLeftOut()
  @IsBoolean()
  enabled?: boolean;
}

export class ListWebhooksQuery extends PageQuery {
  @ApiPropertyOptional({
    description: 'Only those of this organization.',
    example: 'org_01m7ykrzh0earb9nt9fe65dsgn',
  })
  @IsOptional()
  @IsIdOf('organization')
  organization_id?: string;
}

export class ListDeliveriesQuery extends PageQuery {
  @ApiPropertyOptional({ enum: deliveryStatuses, example: 'failed' })
  @IsOptional()
  @IsIn(deliveryStatuses)
  status?: DeliveryStatus;
}

export class WebhookView {
  @ApiProperty({ example: 'whk_01m7ykrzj3eyer28jqcnfeaaby' })
  id!: string;

  @ApiProperty({
    description: 'null: of the platform.',
    type: String,
    nullable: true,
    example: 'org_01m7ykrzh0earb9nt9fe65dsgn',
  })
  organization_id!: string | null;

  @ApiProperty({ example: 'https://example.com/hooks/signalbox' })
  url!: string;

  @ApiProperty({
    description: 'Empty: every event.',
    enum: notificationTypes,
    isArray: true,
    example: ['credential.invalid'],
  })
  events!: string[];

  @ApiProperty({ example: true })
  enabled!: boolean;

  @ApiProperty({ example: 1 })
  version!: number;

  @ApiProperty({ description: 'The token that made it.', example: 'tok_01m7ykrzjmfgnb0vsab3aqm09d' })
  created_by!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  created_at!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  updated_at!: string;
}

export class WebhookWithSecretView extends WebhookView {
  @ApiProperty({
    description: 'Checks the signature of each delivery: in this answer and never again.',
    example: 'whsec_RVhBTVBMRW9ubHlFWEFNUExFb25seUVY',
  })
  secret!: string;
}

export class WebhookListView {
  @ApiProperty({ type: [WebhookView] })
  data!: WebhookView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}

export class WebhookDeliveryView {
  @ApiProperty({
    description: 'Also the header webhook-id: the same for each attempt.',
    example: 'whd_01m7ykrzj3eyer28jqcnfeaaby',
  })
  id!: string;

  @ApiProperty({ enum: notificationTypes, example: 'credential.invalid' })
  type!: string;

  @ApiProperty({ enum: deliveryStatuses, example: 'delivered' })
  status!: DeliveryStatus;

  @ApiProperty({ description: 'How often it was tried.', example: 1 })
  attempts!: number;

  @ApiProperty({ description: 'The last answer.', type: Number, nullable: true, example: 200 })
  last_status!: number | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  last_error!: string | null;

  @ApiProperty({
    description: 'null: it is over.',
    type: String,
    format: 'date-time',
    nullable: true,
    example: null,
  })
  next_attempt_at!: string | null;

  @ApiProperty({ description: 'What is sent.', type: 'object', additionalProperties: true, example: {} })
  payload!: Record<string, unknown>;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T08:00:00.000Z' })
  created_at!: string;
}

export class WebhookDeliveryListView {
  @ApiProperty({ type: [WebhookDeliveryView] })
  data!: WebhookDeliveryView[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;
}
