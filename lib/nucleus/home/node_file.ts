import { readFileSync } from "node:fs";
import { CellError, didYouMean, MINUTE, MS, SECOND } from "../../base/mod.ts";

/** What `node.toml` says. */
export interface NodeSettings {
  /** The node's name among others. */
  readonly id: string;
  /** How often instances report. @default 5_000 */
  readonly heartbeatMs: number;
}

const HEARTBEAT_MS_DEFAULT = 5 * SECOND;
/** More often, 200 workers would keep the agent busy. */
const HEARTBEAT_MS_MIN = 100 * MS;
/** Less often, a hanging instance would be noticed after more than a quarter of an hour. */
const HEARTBEAT_MS_MAX = 5 * MINUTE;

const ID_PATTERN = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const ID_RULE = "1 to 63 letters, digits, dots, hyphens and underscores, the first and the last a letter or digit";
const UNITS: { [unit: string]: number } = { ms: MS, s: SECOND, m: MINUTE };
const KEYS = ["id", "heartbeat"];

/** Throws INVALID_ARGUMENT unless `id` may be a node's id. */
export function assertNodeId(id: string): void {
  if (ID_PATTERN.test(id)) return;
  throw new CellError("INVALID_ARGUMENT", `"${id.slice(0, 64)}" is not a valid node id: expected ${ID_RULE}`);
}

/** The text of a new `node.toml`. */
export function nodeFileText(id: string): string {
  return `# This machine as a node. cell init wrote this file; edit it and run: cell restart nucleus
[node]
id = "${id}"

# How often instances say how they are. One that hangs is noticed after three times this.
heartbeat = "5s"
`;
}

/** Reads `node.toml`; undefined when there is none. Throws FAILED_PRECONDITION, naming file and key, when it cannot be used. */
export function readNodeFile(path: string): NodeSettings | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unusable(path, String(error), error);
  }
  let document: { [key: string]: unknown };
  try {
    document = Bun.TOML.parse(text) as { [key: string]: unknown };
  } catch (error) {
    throw unusable(path, `it is not TOML: ${(error as Error).message}`, error);
  }
  refuseOthers(path, "table", Object.keys(document), ["node"]);
  const node = document["node"];
  if (typeof node !== "object" || node === null) throw unusable(path, "expected a table [node]");
  refuseOthers(path, "key", Object.keys(node), KEYS);
  const { id, heartbeat } = node as { [key: string]: unknown };
  if (typeof id !== "string" || !ID_PATTERN.test(id)) {
    throw unusable(path, `id: expected ${ID_RULE}, found ${JSON.stringify(id)}`);
  }
  return { id, heartbeatMs: heartbeat === undefined ? HEARTBEAT_MS_DEFAULT : readHeartbeat(path, heartbeat) };
}

function readHeartbeat(path: string, value: unknown): number {
  const [, amount, unit = ""] = typeof value === "string" ? /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(value) ?? [] : [];
  const heartbeatMs = Number(amount) * (UNITS[unit] ?? NaN);
  if (heartbeatMs >= HEARTBEAT_MS_MIN && heartbeatMs <= HEARTBEAT_MS_MAX) return heartbeatMs;
  throw unusable(path, `heartbeat: expected text from "100ms" to "5m", found ${JSON.stringify(value)}`);
}

function refuseOthers(path: string, what: string, found: string[], known: string[]): void {
  const other = found.find((name) => !known.includes(name));
  if (other !== undefined) throw unusable(path, `there is no ${what} ${other}.${didYouMean(other, known)}`);
}

function unusable(path: string, why: string, cause?: unknown): CellError {
  return new CellError("FAILED_PRECONDITION", `reading ${path}: ${why}`, { cause });
}
