import { Module } from '@nestjs/common';
import { UsageEventRepository } from './usage-event.repository';
import { UsageEventService } from './usage-event.service';
import { UsageIntakeService } from './usage-intake.service';

@Module({ providers: [UsageEventRepository, UsageEventService], exports: [UsageEventService] })
export class UsageModule {}

/** For the worker alone: it opens a connection of its own and reads the stream. */
@Module({ providers: [UsageEventRepository, UsageIntakeService], exports: [UsageIntakeService] })
export class UsageIntakeModule {}
