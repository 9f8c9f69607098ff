import { Module } from '@nestjs/common';
import { ProvidersModule } from '@signalbox/domain/providers';
import { ProviderController } from './provider.controller';

@Module({ imports: [ProvidersModule], controllers: [ProviderController] })
export class ProviderApiModule {}
