import type { LastContact } from './last-contact';
import type { ProjectionStore } from './projection-store';
import { RoutingLayers } from './routing-layers';

export interface OfflineHealth {
  /** How long ago Redis confirmed what is in memory; null: just now. */
  cutOffForMs: number | null;
  /** How long keys are served without Redis, where their workspace says nothing else. */
  offlineMs: number;
  /** Whether there is a workspace whose keys may still be served. */
  mayServe: boolean;
}

export function offlineHealth(
  contact: LastContact,
  store: ProjectionStore,
  offlineMs: number,
): OfflineHealth {
  if (!contact.isLost()) return { cutOffForMs: null, offlineMs, mayServe: true };
  return { cutOffForMs: contact.ageMs(), offlineMs, mayServe: mayServeAny(contact, store, offlineMs) };
}

function mayServeAny(contact: LastContact, store: ProjectionStore, offlineMs: number): boolean {
  for (const seconds of new RoutingLayers(store).offlineSeconds()) {
    const boundMs = seconds === null ? offlineMs : seconds * 1_000;
    if (!contact.isPast(boundMs)) return true;
  }
  return false;
}
