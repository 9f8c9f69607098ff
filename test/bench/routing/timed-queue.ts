type Work = (atMs: number) => void;

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly work: Work;
}

/** A simulated clock: work in the order of its time, the earlier added first. A binary heap. */
export class TimedQueue {
  private readonly heap: Entry[] = [];
  private added = 0;

  add(atMs: number, work: Work): void {
    const { heap } = this;
    heap.push({ atMs, order: (this.added += 1), work });
    for (let place = heap.length - 1; place > 0;) {
      const parent = (place - 1) >> 1;
      if (!isBefore(heap[place]!, heap[parent]!)) return;
      this.swap(place, parent);
      place = parent;
    }
  }

  /** Until nothing is left; work may add more. */
  run(): void {
    for (let next = this.take(); next; next = this.take()) next.work(next.atMs);
  }

  private take(): Entry | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length > 0 && last) {
      heap[0] = last;
      this.sink();
    }
    return first;
  }

  private sink(): void {
    const { heap } = this;
    for (let place = 0; ;) {
      const [left, right] = [place * 2 + 1, place * 2 + 2];
      let least = place;
      if (left < heap.length && isBefore(heap[left]!, heap[least]!)) least = left;
      if (right < heap.length && isBefore(heap[right]!, heap[least]!)) least = right;
      if (least === place) return;
      this.swap(place, least);
      place = least;
    }
  }

  private swap(left: number, right: number): void {
    const { heap } = this;
    [heap[left], heap[right]] = [heap[right]!, heap[left]!];
  }
}

function isBefore(left: Entry, right: Entry): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
