import { Slot } from "./slot.ts";

/** A live process that was found. */
export interface FoundInstance {
  readonly release: number;
  /** Undefined until it has said it. */
  readonly species: string | undefined;
  readonly pid: number;
}

/** The numbered slots of one service. Numbers are the smallest that are free. */
export class Slots {
  readonly #slots = new Map<number, Slot>();
  /** Counted before this core began to, of slots that are not there yet. */
  readonly #restartsBefore = new Map<number, number>();

  constructor(private readonly service: string) {}

  get size(): number {
    return this.#slots.size;
  }

  get(number: number): Slot | undefined {
    return this.#slots.get(number);
  }

  values(): Iterable<Slot> {
    return this.#slots.values();
  }

  /** A copy: whoever goes through it may add and remove. */
  all(): Slot[] {
    return [...this.#slots.values()];
  }

  /** Those of a release that stay. */
  of(release: number): Slot[] {
    return this.all().filter((slot) => slot.release === release && !slot.isLeaving);
  }

  add(release: number, now: number): void {
    let number = 1;
    while (this.#slots.has(number)) number++;
    const slot = new Slot({ service: this.service, number }, release, now);
    slot.restarts = this.#restartsBefore.get(number) ?? 0;
    this.#restartsBefore.delete(number);
    this.#slots.set(number, slot);
  }

  /**
   * Puts a process that somebody else started into its slot. "known": it is there already; "taken": another process is.
   */
  adopt(number: number, { release, species, pid }: FoundInstance, now: number): Slot | "known" | "taken" {
    const present = this.#slots.get(number);
    if (present?.pid !== undefined) return present.pid === pid ? "known" : "taken";
    const slot = new Slot({ service: this.service, number }, release, now);
    slot.restarts = present?.restarts ?? this.#restartsBefore.get(number) ?? 0;
    slot.adopt(pid, species ?? "", now);
    this.#slots.set(number, slot);
    return slot;
  }

  remove({ id }: Slot): void {
    this.#slots.delete(id.number);
  }

  setRestarts(counts: ReadonlyMap<number, number>): void {
    for (const [number, count] of counts) {
      const slot = this.#slots.get(number);
      if (slot === undefined) this.#restartsBefore.set(number, count);
      else slot.restarts = count;
    }
  }
}
