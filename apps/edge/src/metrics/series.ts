interface Counter {
  inc(by: number): void;
}

/** Counts by itself, for prom-client hashes and checks the labels of a bound child at each call. It is told when it is asked. */
export class Tally {
  private untold = 0;

  constructor(private readonly counter: Counter) {}

  inc(by = 1): void {
    this.untold += by;
  }

  tell(): void {
    if (this.untold === 0) return;
    this.counter.inc(this.untold);
    this.untold = 0;
  }
}

/** So many label sets per metric at most: a catalogue that changes for months must not grow the memory for ever. */
const seriesLimit = 5_000;

/**
 * Children of a metric, bound to their labels once. prom-client checks and hashes the labels at each call otherwise, which is
 * the larger part of its cost.
 */
export class Series<Child> {
  private readonly children = new Map<string, Child>();

  constructor(
    private readonly bind: (values: string[]) => Child,
    private readonly labelCount: number,
  ) {}

  of(...values: string[]): Child {
    const name = values.join('\n');
    const known = this.children.get(name);
    if (known) return known;
    if (this.children.size < seriesLimit) return this.add(name, values);
    const rest = Array<string>(this.labelCount).fill('other');
    const restName = rest.join('\n');
    return this.children.get(restName) ?? this.add(restName, rest);
  }

  all(): Iterable<Child> {
    return this.children.values();
  }

  private add(name: string, values: string[]): Child {
    const child = this.bind(values);
    this.children.set(name, child);
    return child;
  }
}
