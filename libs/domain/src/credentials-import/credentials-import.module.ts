import { Module } from '@nestjs/common';
import { CredentialChecksModule } from '@signalbox/domain/credential-checks';
import { CredentialsModule } from '@signalbox/domain/credentials';
import { ProjectionModule } from '@signalbox/domain/projection';
import { ProvidersModule } from '@signalbox/domain/providers';
import { SecretsModule } from '@signalbox/domain/secrets';
import { CredentialImportService } from './credential-import.service';
import { ImportRepository } from './import.repository';
import { ManualKeyService } from './manual-key.service';
import { SecretHints } from './secret-hints';

/** Keys that people keep in Infisical by hand. */
@Module({
  imports: [CredentialsModule, CredentialChecksModule, ProjectionModule, ProvidersModule, SecretsModule],
  providers: [ImportRepository, ManualKeyService, CredentialImportService, SecretHints],
  exports: [CredentialImportService, SecretHints],
})
export class CredentialsImportModule {}
