import type { Checked } from "./tables.ts";

/** Hexadecimal digits of a checksum: 64 bits. It is there against accidents, not against people. */
const LENGTH = 16;

/** A row is not what was stored. */
export class DamagedRow extends Error {}

/** A row with its checksum. */
export function withChecksum<Row extends object>(table: string, row: Row): Checked<Row> {
  return { ...row, checksum: checksumOf(table, row) };
}

/** A stored row without its checksum. Throws DamagedRow when they do not fit. */
export function verified<Row extends object>(table: string, stored: Checked<Row>): Row {
  const { checksum, ...row } = stored;
  if (checksumOf(table, row) === checksum) return row as unknown as Row;
  throw new DamagedRow(`a row of ${table} is not as it was written`);
}

function checksumOf(table: string, row: object): string {
  // JSON has no -0, which is what 0 becomes when its sign flips.
  const values = Object.entries(row).map(([name, value]) => [name, Object.is(value, -0) ? "-0" : value])
    .sort(([a], [b]) => a < b ? -1 : 1);
  return new Bun.CryptoHasher("sha256").update(JSON.stringify([table, values])).digest("hex").slice(0, LENGTH);
}
