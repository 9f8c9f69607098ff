import type { EntryContent, FieldProvenance } from '../merge/catalogue.types';
import { isSame } from '../merge/canonical-json';
import { sourceOfEntry } from '../merge/source-of-entry';
import type { ManualEntryChange } from './catalogue-entry.types';

const columns = ['name', 'vendor', 'mode', 'expires_on'] as const;

/** An entry that nobody but a person knows, before the first of its fields is written. */
export function blankEntry(id: string): EntryContent {
  const [vendor = id, ...rest] = id.split('/');
  return {
    name: rest.join('/') || id,
    vendor,
    mode: 'chat',
    status: 'active',
    fields: {},
    provenance: {},
    expiresOn: null,
  };
}

/** Whether a person added it; one of a sync that a person has renamed is still the sync's. */
export function isManual({ provenance }: EntryContent): boolean {
  return sourceOfEntry(provenance) === 'manual';
}

/**
 * What an entry is after a person's change. Each field that is written has the provenance `manual`, by which a sync leaves it alone; one
 * that is taken back is gone until the next sync.
 */
export function withManualChange(current: EntryContent, change: ManualEntryChange, at: string): EntryContent {
  const fields = { ...current.fields };
  const provenance = { ...current.provenance };
  const written: FieldProvenance = { source: 'manual', at };
  for (const [name, value] of Object.entries(change.fields ?? {})) {
    if (value === undefined) continue;
    if (value === null) {
      if (provenance[name]?.source !== 'manual') continue;
      delete fields[name];
      delete provenance[name];
    } else if (!isSame(fields[name], value) || provenance[name]?.source !== 'manual') {
      fields[name] = value;
      provenance[name] = written;
    }
  }
  const values = {
    name: change.name,
    vendor: change.vendor,
    mode: change.mode,
    expires_on: change.expiresOn,
  };
  for (const name of columns) {
    if (values[name] === undefined) continue;
    if (values[name] !== null) provenance[name] = written;
    else if (provenance[name]?.source !== 'manual') continue;
    // These always have a value: what is taken back stays until a sync says something else, which it does only of what a source knows.
    else if (name === 'expires_on' || isKnownToSources(current)) delete provenance[name];
  }
  const expiresOn = expiresOnAfter(current, change.expiresOn);
  return {
    name: change.name ?? current.name,
    vendor: change.vendor ?? current.vendor,
    mode: change.mode ?? current.mode,
    status: statusAfter(current, expiresOn),
    fields,
    provenance,
    expiresOn,
  };
}

function isKnownToSources({ provenance }: EntryContent): boolean {
  return Object.values(provenance).some(({ source }) => source !== 'manual');
}

/** An end that a sync has read is nothing that a person could take back. */
function expiresOnAfter(
  { expiresOn, provenance }: EntryContent,
  change: string | null | undefined,
): string | null {
  if (change === undefined) return expiresOn;
  if (change !== null) return change;
  return provenance['expires_on']?.source === 'manual' ? null : expiresOn;
}

function statusAfter({ status }: EntryContent, expiresOn: string | null): EntryContent['status'] {
  if (status === 'vanished') return status;
  return expiresOn === null ? 'active' : 'deprecated';
}
