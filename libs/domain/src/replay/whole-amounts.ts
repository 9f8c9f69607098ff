/** Amounts of many requests: whole nano-dollars, without an upper bound. */
export class CostSums {
  private beforeNanoUsd = 0n;
  private afterNanoUsd = 0n;
  private pairs = 0;

  add(pair: { readonly beforeNanoUsd: number; readonly afterNanoUsd: number }): void {
    this.beforeNanoUsd += BigInt(pair.beforeNanoUsd);
    this.afterNanoUsd += BigInt(pair.afterNanoUsd);
    this.pairs += 1;
  }

  get report(): CostReport {
    return {
      decisions: this.pairs,
      before_usd: usdOf(this.beforeNanoUsd),
      after_usd: usdOf(this.afterNanoUsd),
      saved_usd: usdOf(this.beforeNanoUsd - this.afterNanoUsd),
    };
  }
}

/** US dollars as decimal texts. */
export interface CostReport {
  /** Whose cost is known before and after: only these are in the sums. */
  readonly decisions: number;
  readonly before_usd: string;
  readonly after_usd: string;
  /** Negative: it would have cost more. */
  readonly saved_usd: string;
}

const nanoDigits = 9;

/** Exact, however large: formatNanoUsd of libs/gateway takes one request's amount, which fits a float. */
function usdOf(nanoUsd: bigint): string {
  const digits = (nanoUsd < 0n ? -nanoUsd : nanoUsd).toString().padStart(nanoDigits + 1, '0');
  const fraction = digits.slice(-nanoDigits).replace(/0+$/, '');
  return `${nanoUsd < 0n ? '-' : ''}${digits.slice(0, -nanoDigits)}${fraction && `.${fraction}`}`;
}

export interface FigureReport {
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
}

/** How whole figures are spread: a hundred thousand of them have few different values. */
export class Spread {
  private readonly counts = new Map<number, number>();
  private total = 0;
  private sum = 0;

  add(value: number): void {
    this.counts.set(value, (this.counts.get(value) ?? 0) + 1);
    this.total += 1;
    this.sum += value;
  }

  /** @param decimals of the mean */
  report(scale: number, decimals: number): FigureReport {
    if (this.total === 0) return { mean: null, p50: null, p95: null };
    const sorted = [...this.counts].sort(([left], [right]) => left - right);
    const at = (share: number): number => this.valueAt(sorted, Math.ceil(this.total * share)) / scale;
    const factor = 10 ** decimals;
    const mean = Math.round((this.sum / this.total / scale) * factor) / factor;
    return { mean, p50: at(0.5), p95: at(0.95) };
  }

  private valueAt(sorted: readonly (readonly [number, number])[], rank: number): number {
    let seen = 0;
    for (const [value, count] of sorted) {
      seen += count;
      if (seen >= rank) return value;
    }
    return Number.NaN;
  }
}

/** How often each thing was counted. */
export class Tally<Name extends string> {
  private readonly counts = new Map<Name, number>();

  add(name: Name): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  get total(): number {
    return [...this.counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Only what was there. */
  get report(): Partial<Record<Name, number>> {
    return Object.fromEntries(this.counts) as Partial<Record<Name, number>>;
  }
}
