import { generateValue, hashValue, parseValue, type ParsedValue, type RandomBytes } from './checked-value';

/** LiteLLM takes only keys that start with `sk-`; `sb` tells ours from a provider's. */
const virtualKeyPrefix = 'sk-sb-';

export function generateVirtualKeyValue(random?: RandomBytes): string {
  return generateValue(virtualKeyPrefix, random);
}

/** 'malformed': no such key was ever issued, so a typing error and no unknown key. */
export function parseVirtualKeyValue(text: string): ParsedValue {
  return parseValue(virtualKeyPrefix, text);
}

/** SHA-256 as hex: the projection's field, and equal to LiteLLM's `token` of the same key. */
export function hashVirtualKeyValue(text: string): string {
  return hashValue(text);
}

/** What may be shown of a key after it was made, in LiteLLM's own form (`key_name`). */
export function previewVirtualKeyValue(text: string): string {
  return `sk-...${text.slice(-4)}`;
}
