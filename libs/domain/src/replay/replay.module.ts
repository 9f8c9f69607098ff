import { Module } from '@nestjs/common';
import { ReplayPolicyReader } from './replay-policies';
import { ReplayRepository } from './replay.repository';
import { ReplayService } from './replay.service';

@Module({ providers: [ReplayRepository, ReplayPolicyReader, ReplayService], exports: [ReplayService] })
export class ReplayModule {}
