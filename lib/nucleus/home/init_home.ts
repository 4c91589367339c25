import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
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
import { type PlaceKey, withPlace } from "./with_place.ts";

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
  /** Whether a region or a zone was written into a node.toml that had none: an agent that runs has not read it. */
  readonly isMoved: boolean;
}

/**
 * Makes what is missing of `$CELL_HOME`: its directories, `node.toml`, and in that the region and the zone that are
 * given where it names none. Doing it again changes nothing. Throws
 * FAILED_PRECONDITION when the node has another id, region or zone already, or when `node.toml` cannot be used.
 */
export function initHome({ nodeId, region, zone }: InitOptions = {}): InitResult {
  if (nodeId !== undefined) assertNodeId(nodeId);
  if (region !== undefined) assertPlace("region", region);
  if (zone !== undefined) assertPlace("zone", zone);
  for (const directory of DIRECTORIES) directory();
  const path = join(home(), "node.toml");
  const isNew = !existsSync(path) && writeOnce(path, nodeFileText({ id: nodeId ?? idFromHost(), region, zone }));
  const found = read(path);
  refuseOther(path, "id", nodeId, found.id);
  refuseOther(path, "region", region, found.region);
  refuseOther(path, "zone", zone, found.zone);
  const isMoved = [place(path, "region", region), place(path, "zone", zone)].includes(true);
  return { ...(isMoved ? read(path) : found), home: home(), isNew, isMoved };
}

function read(path: string): NodeSettings {
  const settings = readNodeFile(path);
  if (settings === undefined) throw new CellError("FAILED_PRECONDITION", `reading ${path}: it is gone again`);
  return settings;
}

/** Writes where the node is into a file that says nothing of it; whether that was so. */
function place(path: string, key: PlaceKey, wanted: string | undefined): boolean {
  if (wanted === undefined || read(path)[key] === wanted) return false;
  const target = realpathSync(path);
  const temporary = `${target}.${process.pid}`;
  try {
    const text = withPlace(readFileSync(target, "utf8"), key, wanted);
    writeDurably(temporary, text, statSync(target).mode & 0o777);
    if (readNodeFile(temporary)?.[key] !== wanted) throw new Error("the file has no table [node] of its own");
    renameSync(temporary, target);
    return true;
  } catch (error) {
    const advice = `Write this line below [node] there: ${key} = "${wanted}"`;
    throw new CellError("FAILED_PRECONDITION", `writing ${path}: ${(error as Error).message}. ${advice}`, {
      cause: error,
    });
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** The file belongs to people once it is there. */
function refuseOther(path: string, what: "id" | PlaceKey, wanted: string | undefined, found: string): void {
  if (wanted === undefined || wanted === found || (what !== "id" && !isWritten(path, what))) return;
  const attempt = what === "id" ? `naming this node ${wanted}` : `putting this node into the ${what} ${wanted}`;
  throw new CellError(
    "FAILED_PRECONDITION",
    `${attempt}: its ${what} is ${found} already. To change it, edit ${path}: ${what} = "${wanted}" in [node]`,
  );
}

/** Whether the file says it itself: what it says nothing of has a default. */
function isWritten(path: string, key: PlaceKey): boolean {
  const { node } = Bun.TOML.parse(readFileSync(path, "utf8")) as { node?: Record<string, unknown> };
  return node?.[key] !== undefined;
}

/** Creates a file with all of its text or not at all; false when somebody else has created it meanwhile. */
function writeOnce(path: string, text: string): boolean {
  const temporary = `${path}.${process.pid}`;
  try {
    writeDurably(temporary, text, FILE_MODE);
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new CellError("FAILED_PRECONDITION", `writing ${path}: ${(error as Error).message}`, { cause: error });
  } finally {
    rmSync(temporary, { force: true });
  }
}

function writeDurably(path: string, text: string, mode: number): void {
  const fd = openSync(path, "w", mode);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function idFromHost(): string {
  const id = hostname().replace(/[^A-Za-z0-9._-]+/g, "-").slice(0, 63).replace(/^[._-]+|[._-]+$/g, "");
  return id === "" ? "node" : id;
}
