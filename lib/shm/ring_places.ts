import type { RingMemory } from "./ring_memory.ts";

/** A ring is cut into this many parts: frames are encoded in views that end where a part does. */
const PARTS = 8;

/** A range of the ring from its first byte on. */
export interface RingPlace {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
}

/**
 * Views of the ring's beginnings, by where they end. Making a view costs more than encoding a small call, so each is made
 * once.
 */
export class RingPlaces {
  private places: (RingPlace | undefined)[] = [];
  private capacity = 0;

  constructor(private readonly memory: RingMemory) {}

  /** The last end of a place at or before `offset`. */
  floor(offset: number, capacity: number): number {
    return offset & -(capacity / PARTS);
  }

  /** The place [0, endOffset), which ends where a part does. */
  at(endOffset: number, capacity: number): RingPlace {
    if (capacity !== this.capacity) {
      this.capacity = capacity;
      this.places = new Array(PARTS + 1).fill(undefined);
    }
    return this.places[(endOffset * PARTS) / capacity] ??= this.make(endOffset);
  }

  private make(endOffset: number): RingPlace {
    const { buffer, dataOffset } = this.memory;
    return {
      bytes: new Uint8Array(buffer, dataOffset, endOffset),
      view: new DataView(buffer, dataOffset, endOffset),
    };
  }
}
