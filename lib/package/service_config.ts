import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { CellError, didYouMean } from "../base/mod.ts";
import { checkEnvironment } from "./environment.ts";
import { ConfigReader } from "./config_reader.ts";
import { CONFIG_BYTES_MAX } from "./limits.ts";

/** The file beside a service's source that says how it is deployed. */
export const CONFIG_FILE = "cell.toml";

/** What `cell.toml` says; the command line wins over it. */
export interface ServiceConfig {
  /** `[cell] name` */
  name?: string;
  /** `[cell] entry`: the source file, relative to the folder. */
  entry?: string;
  /** `[cell.biology] min_replicas` */
  minReplicas?: number;
  /** `[cell.biology] max_replicas` */
  maxReplicas?: number;
  /** `[cell.biology] cpu_target`: share of one core, 0.6 for "60%". */
  cpuTarget?: number;
  /** `[cell.biology] idle_after` */
  idleMs?: number;
  /** `[cell.env]` */
  env?: Record<string, string>;
  /** `[cell.access] allow`: which services may call; without it all may. */
  allow?: string[];
}

const CELL_KEYS = ["name", "entry", "biology", "env", "access"];
const BIOLOGY_KEYS = ["min_replicas", "max_replicas", "cpu_target", "idle_after"];
const ACCESS_KEYS = ["allow"];

/**
 * Reads the `cell.toml` of a folder; empty when there is none. Throws INVALID_ARGUMENT, which names the file, the line,
 * the key, what was expected and what was found, when it cannot be used.
 */
export function readServiceConfig(folder: string): ServiceConfig {
  const path = join(folder, CONFIG_FILE);
  const text = readConfigText(path);
  return text === undefined ? {} : parseServiceConfig(path, text);
}

/** What the text of a `cell.toml` says. `path` is for errors. */
export function parseServiceConfig(path: string, text: string): ServiceConfig {
  const reader = new ConfigReader(path, text);
  const document = reader.document();
  reader.refuseUnknown(
    "",
    document,
    ["cell"],
    (key) =>
      ACCESS_KEYS.includes(key)
        ? " Write it below [cell.access]."
        : [...CELL_KEYS, ...BIOLOGY_KEYS].includes(key)
        ? " Write it below [cell] or [cell.biology]."
        : "",
  );
  const cell = reader.table("cell", document["cell"]);
  reader.refuseUnknown(
    "cell",
    cell,
    CELL_KEYS,
    (key) =>
      ACCESS_KEYS.includes(key)
        ? " Write it below [cell.access]."
        : BIOLOGY_KEYS.includes(key)
        ? " Write it below [cell.biology]."
        : "",
  );
  const biology = reader.table("cell.biology", cell["biology"]);
  reader.refuseUnknown(
    "cell.biology",
    biology,
    BIOLOGY_KEYS,
    (key) => CELL_KEYS.includes(key) ? " Write it below [cell]." : didYouMean(key, BIOLOGY_KEYS),
  );
  const access = reader.table("cell.access", cell["access"]);
  reader.refuseUnknown("cell.access", access, ACCESS_KEYS, (key) => didYouMean(key, ACCESS_KEYS));
  const name = reader.name(cell["name"]);
  const entry = reader.text("cell", "entry", cell["entry"]);
  const minReplicas = reader.count("min_replicas", biology["min_replicas"], 0);
  const maxReplicas = reader.count("max_replicas", biology["max_replicas"], 1);
  const cpuTarget = reader.share("cpu_target", biology["cpu_target"]);
  const idleMs = reader.duration("idle_after", biology["idle_after"]);
  const env = cell["env"] === undefined ? undefined : reader.environment(cell["env"]);
  // A table without the key, or a misspelt one, must not pass for a service that answers everybody.
  const allow = cell["access"] === undefined ? undefined : reader.access(access["allow"]);
  if (minReplicas !== undefined && maxReplicas !== undefined && minReplicas > maxReplicas) {
    throw reader.refused(
      "min_replicas",
      `[cell.biology] min_replicas: expected at most max_replicas, which is ${maxReplicas}, found ${minReplicas}`,
    );
  }
  if (env !== undefined) checkEnvironment(env, `${path}: [cell.env]`);
  return {
    ...(name === undefined ? {} : { name }),
    ...(entry === undefined ? {} : { entry }),
    ...(minReplicas === undefined ? {} : { minReplicas }),
    ...(maxReplicas === undefined ? {} : { maxReplicas }),
    ...(cpuTarget === undefined ? {} : { cpuTarget }),
    ...(idleMs === undefined ? {} : { idleMs }),
    ...(env === undefined ? {} : { env }),
    ...(allow === undefined ? {} : { allow }),
  };
}

/** Undefined when there is no such file. Never reads more than it may have, whatever is there. */
function readConfigText(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new CellError("INVALID_ARGUMENT", `reading ${path}: ${message}`, { cause: error });
  }
  try {
    const buffer = Buffer.alloc(CONFIG_BYTES_MAX + 1);
    let bytes = 0;
    for (let read = -1; read !== 0 && bytes < buffer.length; bytes += read) {
      read = readSync(fd, buffer, bytes, buffer.length - bytes, null);
    }
    if (bytes > CONFIG_BYTES_MAX) {
      throw new CellError("INVALID_ARGUMENT", `reading ${path}: it has more than ${CONFIG_BYTES_MAX} bytes`);
    }
    return new TextDecoder("utf-8", { fatal: true }).decode(buffer.subarray(0, bytes));
  } catch (error) {
    if (error instanceof CellError) throw error;
    const why = error instanceof TypeError ? "it is not UTF-8" : (error as Error).message;
    throw new CellError("INVALID_ARGUMENT", `reading ${path}: ${why}`, { cause: error });
  } finally {
    closeSync(fd);
  }
}
