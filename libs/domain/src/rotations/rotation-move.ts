import type { EntityManager } from 'typeorm';
import type { RotationEntity, RotationStatus } from '@signalbox/database';
import type { RotationStep } from './rotation-steps';

export type RotationEnd = Extract<RotationStatus, 'failed' | 'cancelled' | 'rolled_back'>;

/** Something that went wrong, but not so that the rotation ends: a person may have to do it. */
export interface RotationWarning {
  readonly code: string;
  readonly detail: string;
}

/** What a step came to. */
export type Move =
  | { readonly kind: 'next'; readonly detail?: string; readonly warning?: RotationWarning }
  | { readonly kind: 'wait'; readonly until: Date }
  | { readonly kind: 'back'; readonly to: RotationStep }
  | {
      readonly kind: 'retry';
      readonly code: string;
      readonly detail: string;
      readonly retryAfterMs: number | null;
    }
  /** The new value is not wanted: it has been marked as failed, and is to be removed from `notBefore` on. */
  | {
      readonly kind: 'undo';
      readonly status: RotationEnd;
      readonly code: string | null;
      readonly detail: string | null;
      readonly notBefore?: Date;
    };

export interface Committed {
  readonly move: Move;
  /** Run last: the audit chain stays locked until the transaction ends. */
  readonly announce?: (manager: EntityManager) => Promise<void>;
  /** After the commit. */
  readonly live?: () => Promise<void>;
}

/** A step in two parts: whatever it asks of others has been asked; the rest is one transaction. */
export interface StepOutcome {
  /** @param rotation its row, locked, and nobody else took a step meanwhile */
  commit(manager: EntityManager, rotation: RotationEntity): Promise<Committed>;
  /** In place of `commit`, when somebody else did take a step: removes what this one made. */
  discard?(): Promise<void>;
}

export function justMove(move: Move): StepOutcome {
  return { commit: () => Promise.resolve({ move }) };
}
