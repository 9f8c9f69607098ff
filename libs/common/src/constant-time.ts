import { createHash, hash, timingSafeEqual } from 'node:crypto';

/** Compares secrets without telling by its duration where they differ. Hashing first makes the lengths equal. */
export function equalInConstantTime(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(left), digest(right));
}

export function sha256Hex(text: string): string {
  // In one call: once per request, and the object would cost more than the hash.
  return hash('sha256', text, 'hex');
}
