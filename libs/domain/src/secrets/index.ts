export { SecretStores } from './secret-stores';
export { SecretsModule } from './secrets.module';
export { asAppError, toAppError } from './to-app-error';
