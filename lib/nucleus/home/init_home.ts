import { closeSync, existsSync, fsyncSync, linkSync, openSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { CellError } from "../../base/mod.ts";
import {
  cacheDirectory,
  dataDirectory,
  home,
  logsDirectory,
  packagesDirectory,
  runDirectory,
} from "../../service/mod.ts";
import { assertNodeId, assertPlace, nodeFileText, type NodeSettings, readNodeFile } from "./node_file.ts";

const FILE_MODE = 0o600;
const DIRECTORIES = [
  runDirectory,
  cacheDirectory,
  logsDirectory,
  packagesDirectory,
  () => dataDirectory(),
];

/** How a home is laid out. */
export interface InitOptions {
  /** @default the id that the home has, else one made from the host's name */
  nodeId?: string;
  /** @default the region that the home has, else "default" */
  region?: string;
  /** @default the zone that the home has, else "default" */
  zone?: string;
}

/** What a home has become. */
export interface InitResult extends NodeSettings {
  /** Absolute. */
  readonly home: string;
  /** Whether the node had no id before. */
  readonly isNew: boolean;
}

/**
 * Makes what is missing of `$CELL_HOME`: its directories and `node.toml`. Doing it again changes nothing. Throws
 * FAILED_PRECONDITION when the node has another id, region or zone already, or when `node.toml` cannot be used.
 */
export function initHome({ nodeId, region, zone }: InitOptions = {}): InitResult {
  if (nodeId !== undefined) assertNodeId(nodeId);
  if (region !== undefined) assertPlace("region", region);
  if (zone !== undefined) assertPlace("zone", zone);
  for (const directory of DIRECTORIES) directory();
  const path = join(home(), "node.toml");
  const isNew = !existsSync(path) && writeOnce(path, nodeFileText({ id: nodeId ?? idFromHost(), region, zone }));
  const settings = readNodeFile(path);
  if (settings === undefined) throw new CellError("FAILED_PRECONDITION", `reading ${path}: it is gone again`);
  refuseOther(path, "id", nodeId, settings.id);
  refuseOther(path, "region", region, settings.region);
  refuseOther(path, "zone", zone, settings.zone);
  return { ...settings, home: home(), isNew };
}

/** The file belongs to people once it is there. */
function refuseOther(path: string, what: string, wanted: string | undefined, found: string): void {
  if (wanted === undefined || wanted === found) return;
  const attempt = what === "id" ? `naming this node ${wanted}` : `putting this node into the ${what} ${wanted}`;
  throw new CellError(
    "FAILED_PRECONDITION",
    `${attempt}: its ${what} is ${found} already. Edit ${path} to change it.`,
  );
}

/** Creates a file with all of its text or not at all; false when somebody else has created it meanwhile. */
function writeOnce(path: string, text: string): boolean {
  const temporary = `${path}.${process.pid}`;
  try {
    const fd = openSync(temporary, "w", FILE_MODE);
    try {
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new CellError("FAILED_PRECONDITION", `writing ${path}: ${(error as Error).message}`, { cause: error });
  } finally {
    rmSync(temporary, { force: true });
  }
}

function idFromHost(): string {
  const id = hostname().replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, 63).replace(/^[._-]+|[._-]+$/g, "");
  return id === "" ? "node" : id;
}
