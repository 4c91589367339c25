import { CellError } from "../../base/mod.ts";

const PATTERN = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** Throws INVALID_ARGUMENT unless a node may have this name: the one that `node.toml` gives it. */
export function assertNodeName(name: string): void {
  if (PATTERN.test(name)) return;
  throw new CellError(
    "INVALID_ARGUMENT",
    `naming a node: expected 1 to 63 letters, digits, dots, hyphens and underscores, the first and the last a letter ` +
      `or digit, found ${JSON.stringify(name.slice(0, 64))}`,
  );
}
