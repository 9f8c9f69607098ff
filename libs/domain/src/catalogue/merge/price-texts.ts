import type { PriceOverride, PriceTexts, StatedPrice } from './catalogue.types';
import { compareDecimals, decimalText } from './exact-decimal';

/** At 0 these say that there is no price of its own, not that the thing is free. */
const isMain = (component: string): boolean => component === 'input' || component === 'output';

/** OpenRouter's words for a price that is not fixed; seen with its routers (openrouter/auto). */
const variableText = '-1';
/** More of them are nobody's price list. */
const mostOverrides = 50;
/** Also of a price map whose numbers are texts. */
const countForm = /^\d{1,9}$/;
/** HHMM, with a colon or without. */
const timeForm = /^[\d:]{1,8}$/;
const dayForm = /^[a-z]{1,9}$/i;
const daysOfWeek = 7;

/**
 * @param stated the source's own names and values
 * @param names from the source's names to ours
 */
export function statedPrice(
  stated: Readonly<Record<string, unknown>>,
  names: Readonly<Record<string, string>>,
  overrides: readonly Readonly<Record<string, unknown>>[] = [],
): StatedPrice {
  const texts: Record<string, string> = {};
  for (const [theirs, ours] of Object.entries(names)) {
    const value = stated[theirs];
    if (value === undefined || value === null) continue;
    const text = decimalText(value);
    if (text === null) return { state: 'malformed', detail: `${ours} is no decimal number` };
    if (isMain(ours) || compareDecimals(text, '0') !== 0) texts[ours] = text;
  }
  if (Object.keys(texts).length === 0) return { state: 'absent' };
  if (texts['input'] === variableText || texts['output'] === variableText) return { state: 'variable' };
  if (overrides.length > mostOverrides) return { state: 'malformed', detail: 'there are too many overrides' };
  const parsed = overrides.map((override) => parseOverride(override, names));
  if (parsed.some((override) => override === null)) {
    return { state: 'malformed', detail: 'an override cannot be read' };
  }
  if (parsed.length === 0) return { state: 'known', texts };
  return { state: 'known', texts: { ...texts, overrides: parsed.filter((one) => one !== null) } };
}

function parseOverride(
  override: Readonly<Record<string, unknown>>,
  names: Readonly<Record<string, string>>,
): PriceOverride | null {
  const parsed: Record<string, string | number> = {};
  for (const condition of ['min_prompt_tokens', 'utc_start', 'utc_end', 'utc_days']) {
    const value = override[condition];
    if (value === undefined || value === null) continue;
    const read = parseCondition(condition, value);
    if (read === null) return null;
    parsed[condition] = read;
  }
  for (const [theirs, ours] of Object.entries(names)) {
    const value = override[theirs];
    if (value === undefined || value === null) continue;
    const text = decimalText(value);
    if (text === null) return null;
    parsed[ours] = text;
  }
  return parsed;
}

/** Without its condition, a price would hold always. */
function parseCondition(name: string, value: unknown): string | number | null {
  if (name === 'utc_days') return parseDays(value);
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return null;
  if (name === 'min_prompt_tokens') return countForm.test(value) ? Number(value) : null;
  return timeForm.test(value) ? value : null;
}

/** Such as `saturday,sunday`. */
function parseDays(value: unknown): string | null {
  if (!Array.isArray(value) || value.length > daysOfWeek) return null;
  const isDay = (day: unknown): day is string => typeof day === 'string' && dayForm.test(day);
  return value.every(isDay) ? value.join(',') : null;
}

/** Each component with its text, without the overrides. */
export function componentsOf(texts: PriceTexts): [string, string][] {
  return Object.entries(texts).filter((pair): pair is [string, string] => typeof pair[1] === 'string');
}
