import { type SecretAddress, SecretStoreError } from './secret-store';

const namePattern = /^[A-Z][A-Z0-9_]{0,63}$/;
const organizationPattern = /^[A-Za-z0-9_-]{1,64}$/;
/** Far above any provider's key, far below the limit of a request's body. */
const maxValueBytes = 64 * 1_024;

/** An address comes from our own rows: one that is not in form is a defect, and must not become a path. */
export function assertAddress({ organizationId, name }: SecretAddress): void {
  assertOwner(organizationId);
  if (!namePattern.test(name)) throw new SecretStoreError('not_found', 'There is no secret of such a name.');
}

export function assertOwner(organizationId: string | null): void {
  if (organizationId !== null && !organizationPattern.test(organizationId)) {
    throw new SecretStoreError('not_found', 'There is no such organization.');
  }
}

/** What people keep by hand is neither written nor deleted. */
export function assertOurs({ area }: SecretAddress): void {
  if (area !== 'manual') return;
  throw new SecretStoreError('denied', 'Secrets that people keep by hand are never changed by Signalbox.');
}

/**
 * Both stores refuse the same values, so that secrets can move from one to the other. Infisical trims values, and puts
 * other secrets' values into `${...}` for readers who ask it to.
 */
export function assertStorable(address: SecretAddress, value: string): void {
  assertOurs(address);
  const problem = problemOf(value);
  if (problem !== null) throw new SecretStoreError('invalid_value', problem);
}

function problemOf(value: string): string | null {
  if (value === '') return 'The value is empty.';
  if (value !== value.trim()) return 'The value begins or ends with white space.';
  if (value.includes('${')) return 'The value contains "${", which the secret store reads as a reference.';
  if (value.includes('\0')) return 'The value contains a NUL character.';
  if (Buffer.byteLength(value) > maxValueBytes) return 'The value is longer than 64 KiB.';
  return null;
}
