import { Module } from '@nestjs/common';
import { CredentialChecksModule } from '@signalbox/domain/credential-checks';
import { CredentialsModule } from '@signalbox/domain/credentials';
import { CredentialController } from './credential.controller';
import { FirstCheck } from './first-check';

@Module({
  imports: [CredentialsModule, CredentialChecksModule],
  controllers: [CredentialController],
  providers: [FirstCheck],
  exports: [FirstCheck],
})
export class CredentialApiModule {}
