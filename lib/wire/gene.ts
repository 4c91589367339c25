import { assert } from "../base/mod.ts";

/** A method's fingerprint as the header's last eight bytes hold it: two little-endian numbers. */
export interface Gene {
  readonly low: number;
  readonly high: number;
}

/** The header's form of a fingerprint of 16 hex digits: its first byte is the header's byte 12. */
export function geneOf(hex: string): Gene {
  assert(/^[0-9a-f]{16}$/.test(hex), `a fingerprint has 16 hex digits, not "${hex}"`);
  return { low: word(hex, 0), high: word(hex, 8) };
}

function word(hex: string, start: number): number {
  const bigEndian = Number.parseInt(hex.slice(start, start + 8), 16);
  return ((bigEndian >>> 24) | ((bigEndian >>> 8) & 0xff00) | ((bigEndian & 0xff00) << 8) | (bigEndian << 24)) >>> 0;
}
