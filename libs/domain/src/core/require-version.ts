import { AppError } from '@signalbox/common';

/** @param read the version that the caller read; undefined: the change is made in any case */
export function requireVersion(row: { readonly version: number }, read: number | undefined): void {
  if (read === undefined || read === row.version) return;
  throw new AppError('version_conflict', 'Read it again, and repeat the change if it still makes sense.');
}
