import { Module } from '@nestjs/common';
import { NotificationsModule } from '@signalbox/domain/notifications';
import { WebhookController } from './webhook.controller';

@Module({ imports: [NotificationsModule], controllers: [WebhookController] })
export class WebhooksApiModule {}
