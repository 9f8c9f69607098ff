import { Module } from '@nestjs/common';
import { CredentialsImportModule } from '@signalbox/domain/credentials-import';
import { InfisicalWebhookController } from './infisical-webhook.controller';

/** Doors for other products, each with a proof of its own instead of a service token. */
@Module({ imports: [CredentialsImportModule], controllers: [InfisicalWebhookController] })
export class IntegrationsApiModule {}
