import type { EntryContent, FieldProvenance } from '../merge/catalogue.types';
import { isSame } from '../merge/canonical-json';
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

/** Whether a sync has nothing to do with it. */
export function isManual({ provenance }: EntryContent): boolean {
  return provenance['name']?.source === 'manual';
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
    // A column always has a value: what is taken back stays until a sync says something else, which it does not of a manual entry.
    else if (name === 'expires_on' || !isManual(current)) delete provenance[name];
  }
  const expiresOn = change.expiresOn === undefined ? current.expiresOn : change.expiresOn;
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

function statusAfter({ status }: EntryContent, expiresOn: string | null): EntryContent['status'] {
  if (status === 'vanished') return status;
  return expiresOn === null ? 'active' : 'deprecated';
}
