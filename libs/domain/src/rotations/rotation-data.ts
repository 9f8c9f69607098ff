import type { CredentialEntity, CredentialState, RotationEntity } from '@signalbox/database';
import { isRotationStep, type RotationPlan, type RotationStep } from './rotation-steps';

/** What a rollback gives back to the credential. */
export interface PreviousCredential {
  readonly state: CredentialState;
  readonly stateReason: string | null;
  readonly stateDetail: string | null;
  readonly verifiedAt: string | null;
  readonly expiresAt: string | null;
}

/** What a rotation remembers between its steps. Never a secret. Times are ISO texts, as JSON has no others. */
export interface RotationData {
  readonly revokesOld: boolean;
  readonly isForced?: boolean;
  readonly madeAt?: string;
  readonly firstValidAt?: string | null;
  readonly firstRefusedAt?: string | null;
  /** The provider accepted the new value for sure, and did not merely not refuse it. */
  readonly isVerified?: boolean;
  readonly newExpiresAt?: string | null;
  readonly switchedAt?: string;
  readonly previous?: PreviousCredential;
  /** The end that a virtual key's old value had before. */
  readonly previousValidUntil?: string | null;
}

export function dataOf(rotation: RotationEntity): RotationData {
  return rotation.data as unknown as RotationData;
}

export function remember(rotation: RotationEntity, more: Partial<RotationData>): void {
  rotation.data = { ...rotation.data, ...more };
}

export function planOf(rotation: RotationEntity): RotationPlan {
  const { subjectType, method } = rotation;
  return { subjectType, method, revokesOld: dataOf(rotation).revokesOld };
}

export function stepOf(rotation: RotationEntity): RotationStep {
  if (isRotationStep(rotation.step)) return rotation.step;
  throw new Error(`the rotation ${rotation.id} is at a step that this version does not know`);
}

export function dateOf(text: string | null | undefined): Date | null {
  return text ? new Date(text) : null;
}

export function previousOf(credential: CredentialEntity): PreviousCredential {
  const { state, stateReason, stateDetail, verifiedAt, expiresAt } = credential;
  return {
    state,
    stateReason,
    stateDetail,
    verifiedAt: verifiedAt?.toISOString() ?? null,
    expiresAt: expiresAt?.toISOString() ?? null,
  };
}
