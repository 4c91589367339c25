/** Where things are in the memory that a reader and a writer of messages share. */
export const ARENA_BYTES = 256 * 1024;

/** Control words, as indices. */
export const Word = {
  /** How often the writer has changed the message. */
  changes: 0,
  /** Which message is being read. */
  turn: 1,
} as const;

/** The message that is being read begins here; whatever lies around it stays as the reader has filled it. */
export const MESSAGE_OFFSET = 8 * 1024;

/** Here the reader writes messages of its own, and the writer whatever it likes. */
export const WRITTEN_OFFSET = 12 * 1024;
export const WRITTEN_BYTES = 4 * 1024;

/** Messages as an honest peer writes them, for the writer: each in a slot of its own, with its length in front. */
const SLOTS_OFFSET = 16 * 1024;
const SLOT_BYTES = 2 * 1024;

export class Arena {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Int32Array;

  constructor(buffer: ArrayBuffer) {
    this.bytes = new Uint8Array(buffer);
    this.words = new Int32Array(buffer, 0, 16);
  }

  putHonest(turn: number, message: Uint8Array): void {
    const start = SLOTS_OFFSET + turn * SLOT_BYTES;
    if (message.length > SLOT_BYTES - 4 || start + SLOT_BYTES > ARENA_BYTES) throw new Error("the message has no room");
    new DataView(this.bytes.buffer).setUint32(start, message.length);
    this.bytes.set(message, start + 4);
  }

  honest(turn: number): Uint8Array {
    const start = SLOTS_OFFSET + turn * SLOT_BYTES;
    return this.bytes.slice(start + 4, start + 4 + new DataView(this.bytes.buffer).getUint32(start));
  }
}

/**
 * What lies around the message: no message of an honest peer has it anywhere, and no change puts it there. In UTF-8 the
 * character of this number takes a byte of this value, so text has neither.
 */
export const CANARY = 0xbd;
const CANARY_TEXT = "\u00bd";

/** Whether a value has something in it that was not in its message. */
export function holdsCanary(value: unknown): boolean {
  if (typeof value === "string") return value.includes(CANARY_TEXT);
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof Uint8Array) return value.includes(CANARY);
  if (value instanceof Map) return [...value].flat().some(holdsCanary);
  return (value instanceof Set ? [...value] : Object.entries(value).flat()).some(holdsCanary);
}
