import type { VirtualKeyEntity, VirtualKeySecretEntity } from '@signalbox/database';
import type { VirtualKeyStatus } from './virtual-key.types';

type KeyState = Pick<VirtualKeyEntity, 'blocked' | 'expiresAt' | 'revokedAt' | 'deletedAt'>;
type SecretState = Pick<VirtualKeySecretEntity, 'validUntil'>;
type MirroredSecret = SecretState & Pick<VirtualKeySecretEntity, 'mirrorState' | 'mirrorError'>;

/** In the order in which the edge refuses a key. */
export function virtualKeyStatus(key: KeyState, now: Date): VirtualKeyStatus {
  if (key.revokedAt) return 'revoked';
  if (key.expiresAt && key.expiresAt <= now) return 'expired';
  return key.blocked ? 'blocked' : 'active';
}

/** A value that ended for good. An expired key's values are not dead: the key may be given a new duration. */
export function isSecretDead(
  key: Pick<KeyState, 'revokedAt' | 'deletedAt'>,
  secret: SecretState,
  now: Date,
): boolean {
  return Boolean(key.revokedAt ?? key.deletedAt) || (secret.validUntil !== null && secret.validUntil <= now);
}

export interface MirrorView {
  state: 'pending' | 'synced' | 'failed';
  error: string | null;
}

/** The key is as far as the one of its values that is furthest behind. */
export function mirrorOf(secrets: readonly MirroredSecret[]): MirrorView {
  const failed = secrets.find(({ mirrorState }) => mirrorState === 'failed');
  if (failed) return { state: 'failed', error: failed.mirrorError };
  const isPending = secrets.some(({ mirrorState }) => mirrorState === 'pending');
  return { state: isPending ? 'pending' : 'synced', error: null };
}
