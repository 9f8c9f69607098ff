import { Module } from '@nestjs/common';
import { ServiceTokensModule } from '@signalbox/domain/service-tokens';
import { ServiceTokenController } from './service-token.controller';

@Module({ imports: [ServiceTokensModule], controllers: [ServiceTokenController] })
export class ServiceTokensApiModule {}
