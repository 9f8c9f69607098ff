/** Prefixes that say whose key it is and nothing of the key; the longer ones first. */
const knownPrefixes = [
  'sk-ant-',
  'sk-proj-',
  'sk-or-',
  'sk-',
  'pplx-',
  'gsk_',
  'hf_',
  'fw_',
  'AIza',
  'xai-',
  'r8_',
] as const;

/** Shorter secrets are shown not at all: four characters of them are too much. */
const shownFromLength = 12;
const hidden = '....';

/** @returns the last four characters, or dots for a secret that is too short to show any of it */
export function last4Of(secret: string): string {
  return secret.length < shownFromLength ? hidden : secret.slice(-4);
}

export function prefixOf(secret: string): string {
  if (secret.length < shownFromLength) return '';
  return knownPrefixes.find((prefix) => secret.startsWith(prefix)) ?? '';
}

/** How a key is shown to people: a prefix that everybody knows, and its last four characters. */
export function maskedKey(marks: { keyPrefix: string; last4: string }): string {
  return marks.last4 === hidden ? hidden : `${marks.keyPrefix}...${marks.last4}`;
}
