import { Module } from '@nestjs/common';
import { CredentialsModule } from '@signalbox/domain/credentials';
import { CredentialController } from './credential.controller';

@Module({ imports: [CredentialsModule], controllers: [CredentialController] })
export class CredentialApiModule {}
