import { newId } from '@signalbox/common';
import { CredentialEntity, type CredentialSource, type ProviderEntity } from '@signalbox/database';
import type { Caller } from '@signalbox/domain/access';
import { type CredentialOwner, ownerKeyOf } from './credential-owner';

/** A row with nothing in it but whose it is, and for which provider. */
export function newCredential(
  caller: Caller,
  owner: CredentialOwner,
  provider: ProviderEntity,
  source: CredentialSource,
  now: Date,
): CredentialEntity {
  return Object.assign(new CredentialEntity(), {
    id: newId('credential', now.getTime()),
    version: 1,
    createdAt: now,
    updatedAt: now,
    ...owner,
    ownerKey: ownerKeyOf(owner),
    providerId: provider.id,
    provider,
    purpose: 'inference' as const,
    source,
    reference: null,
    name: null,
    baseUrl: null,
    metadata: {},
    fingerprint: '',
    keyPrefix: '',
    last4: '',
    currentVersionId: null,
    enabled: true,
    state: 'pending' as const,
    stateReason: null,
    stateDetail: null,
    stateSince: now,
    verifiedAt: null,
    checkedAt: null,
    nextCheckAt: null,
    checkFailures: 0,
    refusedAt: null,
    expiresAt: null,
    expiryNotifiedAt: null,
    lastUsedAt: null,
    rotation: {},
    rotateEveryDays: null,
    nextRotationAt: null,
    rotationRemindedAt: null,
    createdBy: caller.actorId,
    deletedAt: null,
  });
}
