import { redact } from '@signalbox/common';

const shownLength = 300;
const windowLength = 8;

/**
 * A provider's own words, fit to be shown: some providers quote the key that they refuse, whole or in part, so every stretch
 * of it goes, whatever its format.
 */
export function redactDetail(text: string, secret: string): string {
  const plain = withoutSecret(text.slice(0, 4_000).replace(/\p{Cc}+/gu, ' '), secret);
  const shown = redact(plain).replace(/\s+/g, ' ').trim();
  return shown.length > shownLength ? `${shown.slice(0, shownLength)}…` : shown;
}

function withoutSecret(text: string, secret: string): string {
  if (secret === '') return text;
  const hidden = new Array<boolean>(text.length).fill(false);
  const length = Math.min(windowLength, secret.length);
  for (let start = 0; start + length <= secret.length; start += 1) {
    hide(text, secret.slice(start, start + length), hidden);
  }
  return Array.from({ length: text.length }, (_, index) => shownAt(text, hidden, index)).join('');
}

function hide(text: string, part: string, hidden: boolean[]): void {
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
    hidden.fill(true, at, at + part.length);
  }
}

function shownAt(text: string, hidden: readonly boolean[], index: number): string {
  if (!hidden[index]) return text.charAt(index);
  return hidden[index - 1] ? '' : '[redacted]';
}
