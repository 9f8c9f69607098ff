import { Module } from '@nestjs/common';
import { HeartbeatProbe } from './heartbeat-probe';

@Module({ providers: [HeartbeatProbe], exports: [HeartbeatProbe] })
export class HeartbeatsModule {}
