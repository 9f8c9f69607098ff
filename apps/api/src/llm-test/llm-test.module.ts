import { Module } from '@nestjs/common';
import { CredentialChecksModule } from '@signalbox/domain/credential-checks';
import { LlmTestController } from './llm-test.controller';

@Module({ imports: [CredentialChecksModule], controllers: [LlmTestController] })
export class LlmTestApiModule {}
