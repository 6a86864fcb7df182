interface Event {
  readonly time: number;
  readonly sequence: number;
  readonly act: (now: number) => void;
}

/** Runs callbacks by ascending time, and in the order of their scheduling at equal times. A binary heap. */
export class EventQueue {
  readonly #heap: Event[] = [];
  #sequence = 0;

  at(time: number, act: (now: number) => void): void {
    this.#sequence += 1;
    const heap = this.#heap;
    let index = heap.push({ time, sequence: this.#sequence, act }) - 1;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (!isBefore(heap[index]!, heap[parent]!)) break;
      [heap[index], heap[parent]] = [heap[parent]!, heap[index]!];
      index = parent;
    }
  }

  /** Runs until the queue is empty, including events that are added meanwhile. */
  run(): void {
    for (let next = this.#take(); next !== undefined; next = this.#take()) next.act(next.time);
  }

  #take(): Event | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    let index = 0;
    for (;;) {
      let lowest = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < heap.length && isBefore(heap[child]!, heap[lowest]!)) lowest = child;
      }
      if (lowest === index) return first;
      [heap[index], heap[lowest]] = [heap[lowest]!, heap[index]!];
      index = lowest;
    }
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.time < other.time || (one.time === other.time && one.sequence < other.sequence);
}
