import { keyPrefixes } from '@signalbox/gateway';

/** r8_ is Replicate's, which has no kind of its own. */
const knownPrefixes = [...keyPrefixes, 'r8_'];

/** What follows the prefix is shown not at all when it is shorter: four characters of it are too much. */
const shownFromLength = 12;
const hidden = '....';

function knownPrefixOf(secret: string): string {
  return knownPrefixes.find((prefix) => secret.startsWith(prefix)) ?? '';
}

function isLongEnough(secret: string): boolean {
  return secret.length - knownPrefixOf(secret).length >= shownFromLength;
}

/** @returns the last four characters, or dots for a secret that is too short to show any of it */
export function last4Of(secret: string): string {
  return isLongEnough(secret) ? secret.slice(-4) : hidden;
}

/** @returns empty where there is none that everybody knows */
export function prefixOf(secret: string): string {
  return isLongEnough(secret) ? knownPrefixOf(secret) : '';
}

/** How a key is shown to people: a prefix that everybody knows, and its last four characters. */
export function maskedKey(marks: { keyPrefix: string; last4: string }): string {
  return marks.last4 === hidden ? hidden : `${marks.keyPrefix}...${marks.last4}`;
}
