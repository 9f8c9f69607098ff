import type { PriceOverride, PriceTexts, StatedPrice } from '../merge/catalogue.types';
import { compareDecimals, differsByFactor } from '../merge/exact-decimal';
import { componentsOf } from '../merge/price-texts';

export type Anomaly =
  'price_jump' | 'price_zero' | 'price_negative' | 'unit_error' | 'malformed' | 'mass_vanishing';

export interface PriceChange {
  /** null: no price is in force. */
  readonly before: PriceTexts | null;
  readonly after: StatedPrice;
  /** Its source says in its name that it is free (`:free`), or it runs on somebody's own machine. */
  readonly mayBeFree: boolean;
  /** A router, whose price is that of whatever model it picks. */
  readonly mayVary: boolean;
}

export interface Held {
  readonly anomaly: Anomaly;
  readonly detail: string;
}

const jumpFactor = 10n;
/** No text costs a cent per token; the dearest known cost a seventeenth of that. A price per million in a field per token does. */
const maxTokenPrice = '0.01';
const perToken: ReadonlySet<string> = new Set([
  'input',
  'output',
  'cache_read',
  'cache_write',
  'cache_write_1h',
  'reasoning',
]);

/** Whether a change of a price looks wrong and is to wait for a person. null: it may be applied. */
export function judgeChange({ before, after, mayBeFree, mayVary }: PriceChange): Held | null {
  if (after.state === 'malformed') return { anomaly: 'malformed', detail: after.detail };
  if (after.state === 'variable') {
    if (mayVary) return null;
    return { anomaly: 'price_negative', detail: 'the price is -1, which only routers may say' };
  }
  if (after.state === 'absent') {
    return before && { anomaly: 'malformed', detail: 'the price is missing where there was one' };
  }
  return (
    negative(after.texts) ??
    unitError(after.texts) ??
    (mayBeFree ? null : zero(before, after.texts)) ??
    (before && jump(before, after.texts))
  );
}

/** Every price in it: also those under a condition. */
function allPrices(texts: PriceTexts): [string, string][] {
  return [...componentsOf(texts), ...(texts.overrides ?? []).flatMap(pricesIn)];
}

function pricesIn(override: PriceOverride): [string, string][] {
  return Object.entries(override)
    .filter(isPrice)
    .map(([name, text]): [string, string] => [name, text]);
}

/** Such as `min_prompt_tokens 200000`; sorted, for PostgreSQL keeps names in an order of its own. */
function conditionOf(override: PriceOverride): string {
  const conditions = Object.entries(override).filter((pair) => !isPrice(pair));
  return conditions
    .map((pair) => pair.join(' '))
    .sort()
    .join(', ');
}

function isPrice(pair: [string, PriceOverride[string]]): pair is [string, string] {
  return typeof pair[1] === 'string' && !pair[0].startsWith('utc_');
}

function negative(texts: PriceTexts): Held | null {
  const found = allPrices(texts).find(([, text]) => compareDecimals(text, '0') < 0);
  return found ? { anomaly: 'price_negative', detail: `${found[0]} is ${found[1]}` } : null;
}

function unitError(texts: PriceTexts): Held | null {
  const found = allPrices(texts).find(
    ([component, text]) => perToken.has(component) && compareDecimals(text, maxTokenPrice) > 0,
  );
  if (!found) return null;
  return {
    anomaly: 'unit_error',
    detail: `${found[0]} is $${found[1]} per token: a price per million tokens, in all likelihood`,
  };
}

const isZero = (text: string | undefined): boolean => text === undefined || compareDecimals(text, '0') === 0;

/** Embeddings have no answer to pay for, so one of the two being 0 says nothing by itself. */
function zero(before: PriceTexts | null, after: PriceTexts): Held | null {
  const main = (texts: PriceTexts, name: 'input' | 'output'): string | undefined =>
    componentsOf(texts).find(([component]) => component === name)?.[1];
  for (const name of ['input', 'output'] as const) {
    const old = before ? main(before, name) : undefined;
    if (!isZero(old) && isZero(main(after, name))) {
      return { anomaly: 'price_zero', detail: `${name} was $${old} per token and would be 0` };
    }
  }
  const isWhollyFree = componentsOf(after).every(([, text]) => isZero(text));
  const wasWhollyFree = before !== null && componentsOf(before).every(([, text]) => isZero(text));
  if (!isWhollyFree || wasWhollyFree) return null;
  return { anomaly: 'price_zero', detail: 'everything would be free' };
}

function jump(before: PriceTexts, after: PriceTexts): Held | null {
  const usual = jumpIn(componentsOf(after), componentsOf(before), '');
  if (usual) return usual;
  for (const override of after.overrides ?? []) {
    const condition = conditionOf(override);
    // Nobody counts by a 0 there.
    const prices = pricesIn(override).filter(([, text]) => !isZero(text));
    const found = jumpIn(prices, pricesUnder(before, condition), ` (${condition})`);
    if (found) return found;
  }
  return null;
}

/** Where nothing was said of a condition, the usual prices were in force under it. */
function pricesUnder(texts: PriceTexts, condition: string): [string, string][] {
  const same = (texts.overrides ?? []).filter((override) => conditionOf(override) === condition);
  return [...componentsOf(texts), ...same.flatMap(pricesIn)];
}

function jumpIn(
  prices: readonly [string, string][],
  before: readonly [string, string][],
  when: string,
): Held | null {
  const old = new Map(before);
  for (const [component, text] of prices) {
    const was = old.get(component);
    if (was === undefined || (isZero(was) && isZero(text))) continue;
    if (isZero(was) || isZero(text) || differsByFactor(was, text, jumpFactor)) {
      return { anomaly: 'price_jump', detail: `${component}${when} was $${was} and would be $${text}` };
    }
  }
  return null;
}
