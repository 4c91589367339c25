import type { Cursor } from "./cursor.ts";
import { mapCount, textLength } from "./header.ts";
import { matches } from "./bytes.ts";
import { skip } from "./skip.ts";
import { readText } from "./text.ts";

/** What `KeyTable.find` gives for a key that is not in the table. */
export const UNKNOWN_KEY = -1;
/** And for the key that would set a prototype. */
export const FORBIDDEN_KEY = -2;

/** Larger tables are looked up by string: comparing with each key would let the sender decide how long that takes. */
const COMPARED_KEYS_MAX = 32;

const PROTO = new TextEncoder().encode("__proto__");

/** The property names of an object type, found by their bytes without making a string. */
export class KeyTable {
  private readonly keys: Uint8Array[];
  private readonly indexes: Map<string, number> | undefined;

  constructor(names: readonly string[]) {
    const encoder = new TextEncoder();
    this.keys = names.map((name) => encoder.encode(name));
    if (names.length > COMPARED_KEYS_MAX) this.indexes = new Map(names.map((name, index) => [name, index]));
  }

  /** The index of the key of `count` bytes at `position`. `guess` is tried first: keys mostly come in order. */
  find(bytes: Uint8Array, position: number, count: number, guess: number): number {
    const { keys } = this;
    if (guess < keys.length && isKey(bytes, position, count, keys[guess]!)) return guess;
    if (this.indexes !== undefined) {
      const known = this.indexes.get(readText(bytes, position, position + count) ?? "");
      if (known !== undefined) return known;
    } else {
      for (let index = 0; index < keys.length; index++) if (isKey(bytes, position, count, keys[index]!)) return index;
    }
    return isKey(bytes, position, count, PROTO) ? FORBIDDEN_KEY : UNKNOWN_KEY;
  }
}

function isKey(bytes: Uint8Array, position: number, count: number, key: Uint8Array): boolean {
  return count === key.length && matches(bytes, position, key);
}

/**
 * Where in the map at `start` the value of a key stands; -1 if it has none, is no map, or the message has used up what
 * may be scanned. The cursor stays where it is.
 */
export function findValue(cursor: Cursor, start: number, key: Uint8Array): number {
  const { bytes, end, position } = cursor;
  cursor.position = start + 1;
  try {
    let entries = mapCount(cursor, bytes[start]!);
    for (; entries > 0 && cursor.position < end; entries--) {
      const lead = bytes[cursor.position++]!;
      const count = textLength(cursor, lead);
      if (count < 0 || count > end - cursor.position) return -1;
      const found = isKey(bytes, cursor.position, count, key);
      cursor.position += count;
      if (found) return cursor.position;
      const passed = skip(cursor);
      cursor.scansLeft -= passed;
      if (passed < 0 || cursor.scansLeft < 0) return -1;
    }
    return -1;
  } finally {
    cursor.position = position;
  }
}
