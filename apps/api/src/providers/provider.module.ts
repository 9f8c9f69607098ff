import { Module } from '@nestjs/common';
import { ProviderHealthModule } from '@signalbox/domain/provider-health';
import { ProvidersModule } from '@signalbox/domain/providers';
import { ProviderController } from './provider.controller';

@Module({ imports: [ProvidersModule, ProviderHealthModule], controllers: [ProviderController] })
export class ProviderApiModule {}
