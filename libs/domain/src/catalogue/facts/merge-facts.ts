import {
  dataPolicyAt,
  type DeploymentFacts,
  deploymentFacts,
  type StatedFacts,
  type TokenPrices,
  unknownFacts,
} from '@signalbox/gateway';
import { providerKind } from '@signalbox/domain/providers';
import type { QualityOf } from '@signalbox/domain/quality';
import { type CatalogueLookup, possibleIds } from './catalogue-lookup';
import type {
  FactName,
  FactProvenance,
  FactsEntry,
  FactsSubject,
  FactSource,
  MergedFacts,
} from './facts.types';
import { isOwnServer } from './own-address';
import { isFree, tokenPricesOf } from './token-prices-of-texts';

/** What the catalogue can say of a model, by the same names. */
const abilities = [
  'context_length',
  'max_output_tokens',
  'input_modalities',
  'output_modalities',
  'tools',
  'json_mode',
  'json_schema',
] as const satisfies readonly FactName[];

/** What no catalogue can say. */
const ofAdmins = [
  'region',
  'zero_data_retention',
  'trains_on_data',
  'prior_first_byte_ms',
] as const satisfies readonly FactName[];

type StatedName = FactName & keyof StatedFacts;
const levels = ['deployment', 'model', 'provider'] as const;
type Level = (typeof levels)[number];

const openrouter = 'openrouter';
/** LiteLLM answers it by itself: nobody could send a bill. */
const demo = 'demo';
const nothing: TokenPrices = { input: 0, output: 0, cache_read: 0, cache_write: 0, request: 0 };

/**
 * What is known of a deployment. The nearest word counts: deployment, model, provider (an admin's), then the catalogue: the provider's
 * own model there, then the model at OpenRouter.
 */
export function mergeFacts(
  subject: FactsSubject,
  catalogue: CatalogueLookup,
  qualityOf: QualityOf,
): MergedFacts {
  const merge = new Merge(subject, catalogue.entriesOf(subject));
  merge.addEntry();
  for (const name of abilities) merge.addAbility(name);
  for (const name of ofAdmins) merge.addStated(name);
  merge.addVendorsWord();
  merge.addPlace();
  merge.addPrices();
  merge.addQuality(qualityOf);
  return merge.result();
}

class Merge {
  private readonly facts: DeploymentFacts = { ...unknownFacts };
  private readonly provenance: Partial<Record<FactName, FactProvenance>> = {};

  constructor(
    private readonly subject: FactsSubject,
    private readonly entries: readonly FactsEntry[],
  ) {}

  result(): MergedFacts {
    return { facts: this.facts, provenance: this.provenance };
  }

  /** An id that the catalogue has not (any more) counts as not said. */
  addEntry(): void {
    const [entry] = this.entries;
    if (!entry) return;
    const level = this.levelOf('catalogue_id');
    const isStated = level !== null && this.subject.stated[level].catalogue_id === entry.id;
    this.set('catalogue_id', entry.id, isStated ? ofLevel(level) : ofEntry(entry, 'name'));
  }

  /** @returns whether an admin said something */
  addStated<Name extends StatedName>(name: Name): boolean {
    const level = this.levelOf(name);
    if (level === null) return false;
    this.set(name, this.subject.stated[level][name] as DeploymentFacts[Name], ofLevel(level));
    return true;
  }

  addAbility<Name extends (typeof abilities)[number]>(name: Name): void {
    if (this.addStated(name)) return;
    for (const entry of this.entries) {
      const read = deploymentFacts.shape[name].safeParse(entry.fields[name] ?? null);
      if (!read.success || read.data === null) continue;
      this.set(name, read.data as DeploymentFacts[Name], ofEntry(entry, name));
      return;
    }
  }

  /** What the vendor's documents say of everybody's data, as far as no admin knows better. */
  addVendorsWord(): void {
    const { kind, baseUrl } = this.subject;
    const { region, zeroDataRetention, trainsOnData } = dataPolicyAt(kind, baseUrl);
    const said = { region, zero_data_retention: zeroDataRetention, trains_on_data: trainsOnData };
    for (const name of ['region', 'zero_data_retention', 'trains_on_data'] as const) {
      if (this.facts[name] !== null || said[name] === null) continue;
      this.set(name, said[name], { source: 'vendor', at: null, entryId: null });
    }
  }

  addPlace(): void {
    if (this.addStated('local')) return;
    if (!isOwnServer(this.subject.kind, this.subject.baseUrl)) return;
    this.set('local', true, { source: 'address', at: null, entryId: null });
  }

  /** `free` means that all prices are 0, and prices that are all 0 mean that it is free. */
  addPrices(): void {
    const level = levels.find((one) => this.statedPrices(one) !== null) ?? null;
    if (level === null) this.addCataloguePrices();
    else this.setPrices(this.statedPrices(level)!, 'manual', ofLevel(level));
    const { prices } = this.facts;
    const stated = level === null ? null : (this.subject.stated[level].free ?? null);
    const isSaidToCost = this.levelOf('free') !== null && level === null;
    if (prices === null || isSaidToCost) return;
    if (stated ?? isFree(prices)) this.set('free', true, this.provenance.prices!);
  }

  addQuality(qualityOf: QualityOf): void {
    const level = this.levelOf('quality');
    const { quality: stated } = level === null ? {} : this.subject.stated[level];
    const { modelName, upstreamModel } = this.subject;
    const ids = [...this.entries.map(({ id }) => id), ...possibleIds(this.subject)];
    const found = qualityOf(modelName, ids, upstreamModel);
    const score = stated ?? found?.score ?? null;
    if (score === null) return;
    const source: FactSource = level ?? found?.source ?? 'table';
    this.set('quality', score, { source, at: null, entryId: null });
    this.facts.quality_source = level === null ? (found?.source ?? null) : 'admin';
  }

  private statedPrices(level: Level): TokenPrices | null {
    const { prices, free } = this.subject.stated[level];
    return prices ?? (free === true ? nothing : null);
  }

  /** Of a server that asks nobody for a key, OpenRouter's price of the same model says nothing. */
  private addCataloguePrices(): void {
    const { kind } = this.subject;
    if (kind === demo)
      return this.setPrices(nothing, 'vendor', { source: 'vendor', at: null, entryId: null });
    const isPaid = kind !== openrouter && providerKind(kind)?.needsKey === true;
    for (const provider of isPaid ? [kind, openrouter] : [kind]) {
      for (const entry of this.entries) {
        const price = entry.prices.get(provider);
        const prices = price ? tokenPricesOf(price.texts) : null;
        if (!price || !prices) continue;
        this.setPrices(prices, price.source, { source: price.source, at: price.since, entryId: entry.id });
        return;
      }
    }
  }

  private setPrices(prices: TokenPrices, source: string, provenance: FactProvenance): void {
    this.set('prices', prices, provenance);
    this.facts.price_source = source;
  }

  private levelOf(name: keyof StatedFacts): Level | null {
    return levels.find((level) => (this.subject.stated[level][name] ?? null) !== null) ?? null;
  }

  private set<Name extends FactName>(
    name: Name,
    value: DeploymentFacts[Name],
    provenance: FactProvenance,
  ): void {
    this.facts[name] = value;
    this.provenance[name] = provenance;
  }
}

function ofLevel(source: Level): FactProvenance {
  return { source, at: null, entryId: null };
}

/** A field of an entry; its name stands for the entry itself. */
function ofEntry(entry: FactsEntry, field: string): FactProvenance {
  const { source = 'manual', at = null } = entry.provenance[field] ?? {};
  return { source, at, entryId: entry.id };
}
