import type { DeploymentFacts, StatedFacts } from '@signalbox/gateway';
import type { CatalogueSource, FieldProvenance, PriceTexts } from '../merge/catalogue.types';

/** A deployment with all that decides what is known of it. */
export interface FactsSubject {
  readonly id: string;
  readonly kind: string;
  readonly upstreamModel: string;
  /** Its own, or its provider's; null: the kind's usual one. */
  readonly baseUrl: string | null;
  readonly modelName: string;
  readonly openrouterId: string | null;
  readonly stated: {
    readonly deployment: StatedFacts;
    readonly model: StatedFacts;
    readonly provider: StatedFacts;
  };
}

export interface PriceOfProvider {
  readonly texts: PriceTexts;
  readonly source: CatalogueSource;
  /** Since when it is in force. */
  readonly since: string;
}

/** An entry of the catalogue as far as facts need it. */
export interface FactsEntry {
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly provenance: Readonly<Record<string, FieldProvenance>>;
  /** In force, by provider. */
  readonly prices: ReadonlyMap<string, PriceOfProvider>;
}

/**
 * deployment, model, provider: an admin said so there. address: told from where the server stands.
 * vendor: from its documents (docs/providers.md). The others say it of the model.
 */
export type FactSource =
  | 'deployment'
  | 'model'
  | 'provider'
  | 'address'
  | 'vendor'
  | CatalogueSource
  | 'admin'
  | 'benchmark'
  | 'table';

export interface FactProvenance {
  readonly source: FactSource;
  /** Since when; null: not kept. */
  readonly at: string | null;
  /** The entry of the catalogue that says it. */
  readonly entryId: string | null;
}

export type FactName = keyof DeploymentFacts;

export interface MergedFacts {
  readonly facts: DeploymentFacts;
  /** Of each fact that is known. */
  readonly provenance: Readonly<Partial<Record<FactName, FactProvenance>>>;
}
