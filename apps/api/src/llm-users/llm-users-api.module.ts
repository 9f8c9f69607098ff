import { Module } from '@nestjs/common';
import { CredentialsModule } from '@signalbox/domain/credentials';
import { CredentialApiModule } from '../credentials/credential.module';
import { LlmUserController } from './llm-user.controller';

@Module({ imports: [CredentialsModule, CredentialApiModule], controllers: [LlmUserController] })
export class LlmUsersApiModule {}
