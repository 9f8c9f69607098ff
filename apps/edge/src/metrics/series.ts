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

/** By the values of its labels, one after another: joining them to one name at each look-up makes garbage. */
class Branch<Child> {
  readonly branches = new Map<string, Branch<Child>>();
  child: Child | null = null;
}

/**
 * Children of a metric, bound to their labels once. prom-client checks and hashes the labels at each call otherwise, which is
 * the larger part of its cost.
 */
export class Series<Child> {
  private readonly root = new Branch<Child>();
  private readonly children: Child[] = [];

  constructor(
    private readonly bind: (values: string[]) => Child,
    private readonly labelCount: number,
  ) {}

  of(...values: string[]): Child {
    const known = this.find(values);
    if (known) return known;
    if (this.children.length < seriesLimit) return this.add(values);
    const rest = Array<string>(this.labelCount).fill('other');
    return this.find(rest) ?? this.add(rest);
  }

  all(): Iterable<Child> {
    return this.children;
  }

  private find(values: readonly string[]): Child | null {
    let branch: Branch<Child> | undefined = this.root;
    for (let index = 0; branch && index < values.length; index += 1)
      branch = branch.branches.get(values[index]!);
    return branch?.child ?? null;
  }

  private add(values: string[]): Child {
    let branch = this.root;
    for (const value of values) {
      let next = branch.branches.get(value);
      if (!next) branch.branches.set(value, (next = new Branch()));
      branch = next;
    }
    const child = (branch.child = this.bind(values));
    this.children.push(child);
    return child;
  }
}
