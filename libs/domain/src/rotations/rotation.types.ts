import type { RotationEntity, RotationEventEntity, RotationStatus } from '@signalbox/database';

export interface StartCredentialRotation {
  /** The new key; left out, the provider makes one. */
  apiKey?: string;
  method?: 'given' | 'provider_api';
  grace?: string;
  deadline?: string;
  revokeAtProvider?: boolean;
}

export interface StartKeyRotation {
  grace?: string;
  deadline?: string;
}

export interface RotationFilter {
  subjectId?: string;
  status?: RotationStatus;
}

/** A rotation with what people want to know of it while it runs. */
export interface RotationDetails {
  rotation: RotationEntity;
  /** When the old value was last used, as far as reported. */
  oldLastUsedAt: Date | null;
  percent: number;
  /** null: it waits for nothing. */
  waitsUntil: Date | null;
}

export interface RotationWithEvents extends RotationDetails {
  events: RotationEventEntity[];
}

export interface StartedKeyRotation extends RotationDetails {
  /** The only time at which it can be shown. */
  value: string;
}
