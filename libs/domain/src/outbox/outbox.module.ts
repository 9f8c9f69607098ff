import { Module } from '@nestjs/common';
import { OutboxDrainer } from './outbox-drainer';
import { OutboxRepository } from './outbox.repository';

@Module({ providers: [OutboxRepository, OutboxDrainer], exports: [OutboxRepository, OutboxDrainer] })
export class OutboxModule {}
