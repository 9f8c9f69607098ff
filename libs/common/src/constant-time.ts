import { createHash, timingSafeEqual } from 'node:crypto';

/** Compares secrets without telling by its duration where they differ. Hashing first makes the lengths equal. */
export function equalInConstantTime(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
  return timingSafeEqual(digest(left), digest(right));
}

export function sha256Hex(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
