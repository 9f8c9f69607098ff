import type {
  EntryWithPrices,
  FieldProvenance,
  ManualEntryChange,
  ManualPrice,
  PriceTexts,
  ShownPrice,
} from '@signalbox/domain/catalogue';
import { picoUsdOf, formatUsd } from '@signalbox/gateway';
import type { TokenPricesBody } from '../facts/facts.dto';
import type {
  CatalogueEntryDetailView,
  CatalogueEntryView,
  CatalogueFieldView,
  CataloguePriceView,
  ManualPriceBody,
  UpdateCatalogueEntryBody,
} from './catalogue-entry.dto';

export function toPriceView(price: ShownPrice): CataloguePriceView {
  return {
    offered_by: price.provider,
    prices: price.texts,
    source: price.source,
    effective_from: price.effectiveFrom.toISOString(),
    effective_to: price.effectiveTo?.toISOString() ?? null,
  };
}

export function toEntryView({ entry, prices }: EntryWithPrices): CatalogueEntryView {
  const { fields } = entry;
  return {
    id: entry.id,
    name: entry.name,
    vendor: entry.vendor,
    mode: entry.mode,
    status: entry.status,
    context_length: fields['context_length'] ?? null,
    max_output_tokens: fields['max_output_tokens'] ?? null,
    input_modalities: fields['input_modalities'] ?? null,
    output_modalities: fields['output_modalities'] ?? null,
    tools: fields['tools'] ?? null,
    json_mode: fields['json_mode'] ?? null,
    json_schema: fields['json_schema'] ?? null,
    prices: prices.map(toPriceView),
    expires_on: entry.expiresOn,
    vanished_at: entry.vanishedAt?.toISOString() ?? null,
    replacement_id: entry.replacementId,
    version: entry.version,
    updated_at: entry.updatedAt.toISOString(),
  };
}

export function toEntryDetailView(shown: EntryWithPrices): CatalogueEntryDetailView {
  const { name, vendor, mode, expiresOn, fields, provenance } = shown.entry;
  const values: Record<string, unknown> = { name, vendor, mode, expires_on: expiresOn, ...fields };
  const known = Object.entries(provenance).map(([field, from]) => [field, toFieldView(values[field], from)]);
  return { ...toEntryView(shown), fields: Object.fromEntries(known) as Record<string, CatalogueFieldView> };
}

function toFieldView(value: unknown, { source, at }: FieldProvenance): CatalogueFieldView {
  return { value: value ?? null, source, at };
}

export function toManualChange(body: UpdateCatalogueEntryBody): ManualEntryChange {
  const { name, vendor, mode, expires_on, replacement_id, prices, ...fields } = body;
  return {
    name,
    vendor,
    mode,
    expiresOn: expires_on,
    replacementId: replacement_id,
    fields,
    prices: prices?.map(toManualPrice),
  };
}

function toManualPrice({ offered_by, prices, effective_from }: ManualPriceBody): ManualPrice {
  return {
    provider: offered_by,
    texts: prices && toTexts(prices),
    effectiveFrom: effective_from ? new Date(effective_from) : null,
  };
}

function toTexts({ long_prompt: tiers, ...prices }: TokenPricesBody): PriceTexts {
  const texts = amountsOf({ ...prices });
  if (!tiers || tiers.length === 0) return texts;
  const overrides = tiers.map(({ above_prompt_tokens: above, ...own }) => ({
    min_prompt_tokens: above,
    ...amountsOf({ ...own }),
  }));
  return { ...texts, overrides };
}

/** One text for each amount, so that a sync that says the same sees that it is the same. */
function amountsOf(prices: Record<string, string | null | undefined>): Record<string, string> {
  const given = Object.entries(prices).flatMap(([component, text]) => {
    const pico = text ? picoUsdOf(text) : null;
    return pico === null ? [] : [[component, formatUsd(pico)] as const];
  });
  return Object.fromEntries(given);
}
