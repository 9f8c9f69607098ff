import { type CatalogueDocument, findCatalogueModel } from '@signalbox/gateway';

/** Clients make up names of models; a name that nobody released must not become a time series. */
const other = 'other';
const longestMemory = 2_000;

const labelPattern = /^[a-z0-9_.-]{1,64}$/;

/** For values that come from a short list of the code, such as kinds of providers and error codes. */
export function shortLabel(value: string | null | undefined, fallback = 'none'): string {
  if (!value) return fallback;
  return labelPattern.test(value) ? value : other;
}

/** The public name of a model, as released; for a name that a wildcard serves, the wildcard. */
export class ModelLabels {
  private catalogue: CatalogueDocument | null = null;
  private readonly labels = new Map<string, string>();

  constructor(private readonly readCatalogue: () => CatalogueDocument | null) {}

  of(model: string | null): string {
    if (model === null) return 'none';
    const catalogue = this.readCatalogue();
    if (catalogue !== this.catalogue) {
      this.catalogue = catalogue;
      this.labels.clear();
    }
    const known = this.labels.get(model);
    if (known !== undefined) return known;
    const label = (catalogue && findCatalogueModel(catalogue, model)?.name) ?? other;
    if (this.labels.size < longestMemory) this.labels.set(model, label);
    return label;
  }
}
