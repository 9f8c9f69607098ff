import type { CredentialVersionEntity } from '@signalbox/database';
import type { SecretAddress } from '@signalbox/secrets';

const manualPrefix = 'manual/';

/** Each value of ours has a name of its own, which is used once. */
export function secretNameOf(kind: string, versionId: string): string {
  const [, body = ''] = versionId.split('_');
  return `${kind}__${body}`.toUpperCase();
}

/** The secret_name of a value that people keep in the store by hand, under a name that they gave it. */
export function manualSecretName(name: string): string {
  return manualPrefix + name;
}

export function isKeptByHand({ secretName }: Pick<CredentialVersionEntity, 'secretName'>): boolean {
  return secretName.startsWith(manualPrefix);
}

export function addressOf(
  version: Pick<CredentialVersionEntity, 'organizationId' | 'secretName'>,
): SecretAddress {
  const { organizationId, secretName } = version;
  if (!isKeptByHand(version)) return { organizationId, area: 'credentials', name: secretName };
  return { organizationId, area: 'manual', name: secretName.slice(manualPrefix.length) };
}
