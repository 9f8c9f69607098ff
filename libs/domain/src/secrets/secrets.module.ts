import { Module } from '@nestjs/common';
import { SealedSecretRepository } from './sealed-secret.repository';
import { SecretStores } from './secret-stores';

/** Where provider keys are kept. */
@Module({
  providers: [SealedSecretRepository, SecretStores],
  exports: [SecretStores],
})
export class SecretsModule {}
