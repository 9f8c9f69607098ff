import { generateValue, hashValue, parseValue, type ParsedValue, type RandomBytes } from './checked-value';

const serviceTokenPrefix = 'sbt_';

export function generateServiceTokenValue(random?: RandomBytes): string {
  return generateValue(serviceTokenPrefix, random);
}

export function parseServiceTokenValue(text: string): ParsedValue {
  return parseValue(serviceTokenPrefix, text);
}

export function hashServiceTokenValue(text: string): string {
  return hashValue(text);
}

export function previewServiceTokenValue(text: string): string {
  return `sbt_...${text.slice(-4)}`;
}
