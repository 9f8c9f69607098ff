import type { NamedKey } from '@signalbox/common';
import {
  type SecretAddress,
  type SecretListing,
  type SecretStore,
  SecretStoreError,
  type StoredSecret,
} from '../secret-store';
import { assertAddress, assertOurs, assertOwner, assertStorable } from '../storable-secret';
import { envelopeKeyId, type OpenedEnvelope, openEnvelope, sealEnvelope } from './envelope';
import type { SealedRows } from './sealed-rows';

const retryAfterMs = 5_000;

/** The built-in store: rows of our own database, each value in an envelope of its own. */
export class SealedSecretStore implements SecretStore {
  readonly kind = 'sealed';

  /** @param ring the first key seals, each may open */
  constructor(
    private readonly rows: SealedRows,
    private readonly ring: readonly NamedKey[],
  ) {}

  async read(address: SecretAddress): Promise<StoredSecret> {
    const place = placeOf(address);
    const row = await reached(() => this.rows.find(address.organizationId, place));
    if (!row) throw new SecretStoreError('not_found', 'The sealed store has no such secret.');
    const opened = openEnvelope(this.ring, row.sealedValue, place);
    if (!opened.isOpen) throw new SecretStoreError('unreadable', unreadableMessage(opened));
    return { value: opened.value, version: row.version, ageMs: 0 };
  }

  async write(address: SecretAddress, value: string): Promise<void> {
    const place = placeOf(address);
    assertStorable(address, value);
    if (await this.isKept(address, place, value)) return;
    const sealedValue = this.seal(value, place);
    const { organizationId } = address;
    const keyId = envelopeKeyId(sealedValue);
    await reached(() => this.rows.put({ name: place, organizationId, sealedValue, keyId }));
  }

  async delete(address: SecretAddress): Promise<void> {
    const place = placeOf(address);
    assertOurs(address);
    await reached(() => this.rows.delete(address.organizationId, place));
  }

  async list(organizationId: string | null, area: SecretAddress['area']): Promise<SecretListing> {
    assertOwner(organizationId);
    const prefix = folderOf(organizationId, area);
    const rows = await reached(() => this.rows.list(organizationId, prefix));
    const secrets = rows.map(({ name, version }) => ({ name: name.slice(prefix.length), version }));
    return { secrets, isComplete: true };
  }

  async check(): Promise<void> {
    this.seal('check', 'check');
    await reached(() => this.rows.find(null, 'check'));
  }

  private async isKept(address: SecretAddress, place: string, value: string): Promise<boolean> {
    const row = await reached(() => this.rows.find(address.organizationId, place));
    if (!row) return false;
    const opened = openEnvelope(this.ring, row.sealedValue, place);
    return opened.isOpen && opened.value === value;
  }

  private seal(value: string, place: string): string {
    if (this.ring.length > 0) return sealEnvelope(this.ring, value, place);
    throw new SecretStoreError(
      'denied',
      'The sealed store has no encryption key: set SIGNALBOX_ENCRYPTION_KEYS.',
    );
  }
}

/** The row's name, to which the sealed value is bound. */
function placeOf(address: SecretAddress): string {
  assertAddress(address);
  return folderOf(address.organizationId, address.area) + address.name;
}

function folderOf(organizationId: string | null, area: SecretAddress['area']): string {
  return `${organizationId ?? 'platform'}/${area}/`;
}

function unreadableMessage(opened: OpenedEnvelope & { isOpen: false }): string {
  if (opened.reason === 'damaged') {
    return 'The sealed value is damaged, or was moved here from another row. Restore it from a backup, or save the key anew.';
  }
  return `It is sealed with the encryption key "${opened.keyId}", which is not in the ring. Add that key to SIGNALBOX_ENCRYPTION_KEYS, or save the key anew.`;
}

async function reached<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    const failure = new SecretStoreError('unavailable', 'The sealed store cannot be reached.', retryAfterMs);
    failure.cause = error;
    throw failure;
  }
}
