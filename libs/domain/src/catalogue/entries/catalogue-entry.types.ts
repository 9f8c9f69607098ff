import type { CatalogueEntryStatus, ModelMode } from '@signalbox/database';
import type { CatalogueSource, EntryContent, PriceTexts } from '../merge/catalogue.types';

export interface EntryFilter {
  readonly search?: string | undefined;
  readonly vendor?: string | undefined;
  readonly mode?: ModelMode | undefined;
  readonly status?: CatalogueEntryStatus | undefined;
  /** Somebody of that kind asks a price for it. */
  readonly provider?: string | undefined;
  readonly inputModality?: string | undefined;
  readonly outputModality?: string | undefined;
  readonly tools?: boolean | undefined;
  readonly minContextLength?: number | undefined;
  /** US dollars per token, as decimals: somebody asks no more. */
  readonly maxInputPrice?: string | undefined;
  readonly maxOutputPrice?: string | undefined;
}

export interface ShownEntry extends EntryContent {
  readonly id: string;
  readonly version: number;
  readonly vanishedAt: Date | null;
  readonly replacementId: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface ShownPrice {
  readonly id: string;
  readonly entryId: string;
  readonly provider: string;
  readonly texts: PriceTexts;
  readonly source: CatalogueSource;
  readonly effectiveFrom: Date;
  readonly effectiveTo: Date | null;
}

export interface EntryWithPrices {
  readonly entry: ShownEntry;
  /** In force now, by provider. */
  readonly prices: readonly ShownPrice[];
}

/** A price by hand. */
export interface ManualPrice {
  readonly provider: string;
  /** null: nobody asks a price there any more, or a sync's counts again. */
  readonly texts: PriceTexts | null;
  /** null: now. */
  readonly effectiveFrom: Date | null;
}

/** What is left out stays; null takes back what was written by hand, so that the next sync's word counts again. */
export interface ManualEntryChange {
  readonly name?: string | null | undefined;
  readonly vendor?: string | null | undefined;
  readonly mode?: ModelMode | null | undefined;
  readonly expiresOn?: string | null | undefined;
  readonly replacementId?: string | null | undefined;
  readonly fields?: Readonly<Record<string, unknown>> | undefined;
  readonly prices?: readonly ManualPrice[] | undefined;
}

export interface NewManualEntry extends ManualEntryChange {
  readonly id: string;
}
