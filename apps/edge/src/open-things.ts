/**
 * Things that come and go thousands of times a second. A Set or a Map costs far more than its look-ups there: V8 makes it a new table
 * every few dozen entries, and each old table, dead but long-lived, keeps alive what was in it until the next full garbage
 * collection: of most requests all that belonged to them (measured: 13 KB moved to the old generation for each request).
 */
export class OpenThings<Thing> {
  private readonly places: (Thing | null)[] = [];
  private readonly free: number[] = [];

  /** @returns its place, for `remove` */
  add(thing: Thing): number {
    const place = this.free.pop() ?? this.places.length;
    this.places[place] = thing;
    return place;
  }

  /** Once for each `add`. */
  remove(place: number): void {
    this.places[place] = null;
    this.free.push(place);
  }

  get size(): number {
    return this.places.length - this.free.length;
  }

  /** Some of them may be removed meanwhile. */
  forEach(visit: (thing: Thing) => void): void {
    for (let place = 0; place < this.places.length; place += 1) {
      const thing = this.places[place];
      if (thing) visit(thing);
    }
  }
}
