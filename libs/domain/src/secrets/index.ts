export { SecretStores } from './secret-stores';
export { SecretsModule } from './secrets.module';
export { asAppError } from './to-app-error';
