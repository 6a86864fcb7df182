interface Planned {
  readonly time: number;
  readonly turn: number;
  readonly act: (now: number) => void;
}

/** Does what is planned in the order of time, and of planning where times are alike. */
export class Schedule {
  readonly #heap: Planned[] = [];
  #turns = 0;

  at(time: number, act: (now: number) => void): void {
    this.#turns += 1;
    const heap = this.#heap;
    let index = heap.push({ time, turn: this.#turns, act }) - 1;
    while (index > 0) {
      const parent = (index - 1) >>> 1;
      if (!isBefore(heap[index]!, heap[parent]!)) break;
      [heap[index], heap[parent]] = [heap[parent]!, heap[index]!];
      index = parent;
    }
  }

  /** Until nothing is left, what is planned on the way included. */
  run(): void {
    for (let next = this.#take(); next !== undefined; next = this.#take()) next.act(next.time);
  }

  #take(): Planned | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    let index = 0;
    for (;;) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < heap.length && isBefore(heap[child]!, heap[least]!)) least = child;
      }
      if (least === index) return first;
      [heap[index], heap[least]] = [heap[least]!, heap[index]!];
      index = least;
    }
  }
}

function isBefore(one: Planned, other: Planned): boolean {
  return one.time < other.time || (one.time === other.time && one.turn < other.turn);
}
