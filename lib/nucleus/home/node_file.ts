import { readFileSync } from "node:fs";
import { CellError, MINUTE, MS, SECOND } from "../../base/mod.ts";
import { NETWORK_DEFAULTS, type NetworkSettings, readNetwork } from "./network_settings.ts";
import { NodeTable, type Table } from "./node_table.ts";

/** What `node.toml` says. */
export interface NodeSettings {
  /** The node's name among others. */
  readonly id: string;
  /** Where the node is, for callers that prefer what is near. @default "default" */
  readonly region: string;
  /** A part of the region that fails as one. @default "default" */
  readonly zone: string;
  /** How often instances report. @default 5_000 */
  readonly heartbeatMs: number;
  readonly network: NetworkSettings;
}

/** What a new `node.toml` is given. */
export interface NodeNames {
  readonly id: string;
  /** @default "default" */
  readonly region?: string | undefined;
  /** @default "default" */
  readonly zone?: string | undefined;
}

/** Region and zone of a node that was told none. */
export const PLACE_DEFAULT = "default";

const HEARTBEAT_MS_DEFAULT = 5 * SECOND;
/** More often, 200 workers would keep the agent busy. */
const HEARTBEAT_MS_MIN = 100 * MS;
/** Less often, a hanging instance would be noticed after more than a quarter of an hour. */
const HEARTBEAT_MS_MAX = 5 * MINUTE;

const ID_PATTERN = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const ID_RULE = "1 to 63 letters, digits, dots, hyphens and underscores, the first and the last a letter or digit";
/** Both are in every entry of the catalog. */
const PLACE_PATTERN = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,30}[A-Za-z0-9])?$/;
const PLACE_RULE = ID_RULE.replace("63", "32");
const UNITS: { [unit: string]: number } = { ms: MS, s: SECOND, m: MINUTE };
const KEYS = ["id", "region", "zone", "heartbeat"];

/** Throws INVALID_ARGUMENT unless `id` may be a node's id. */
export function assertNodeId(id: string): void {
  if (ID_PATTERN.test(id)) return;
  throw new CellError("INVALID_ARGUMENT", `"${id.slice(0, 64)}" is not a valid node id: expected ${ID_RULE}`);
}

/** Throws INVALID_ARGUMENT unless `name` may be the name of a region or a zone: `what` it is of. */
export function assertPlace(what: "region" | "zone", name: string): void {
  if (PLACE_PATTERN.test(name)) return;
  throw new CellError("INVALID_ARGUMENT", `"${name.slice(0, 64)}" is not a valid ${what}: expected ${PLACE_RULE}`);
}

/** The text of a new `node.toml`. */
export function nodeFileText({ id, region, zone }: NodeNames): string {
  const place = (key: string, value: string | undefined): string =>
    value === undefined ? `# ${key} = "${PLACE_DEFAULT}"` : `${key} = "${value}"`;
  return `# This machine as a node. cell init wrote this file; edit it and run: cell restart nucleus
[node]
id = "${id}" # its name among others; as a member of a cluster it keeps the one that it joined with

# Where it is. Callers prefer instances in their own zone, then in their own region.
${place("region", region)}
${place("zone", zone)}

# How often instances say how they are. One that hangs is noticed after three times this.
heartbeat = "5s"

# How it talks to other machines, once \`cell token create\` or \`cell join\` has turned that on; docs/cluster.md.
[network]
# host = "${NETWORK_DEFAULTS.host}"               # the interface to listen at
# addresses = ["203.0.113.7"]    # where others reach this node, if not at this machine's addresses
# port = 9043                    # UDP and TCP
# gossip_port = 9044             # UDP
# instance_ports = "20000-20100" # UDP and TCP, what instances listen at
# seeds = ["203.0.113.7:9044"]   # gossip ports of nodes that are asked first
# multicast = true               # look for nodes on the LAN
# preset = "${NETWORK_DEFAULTS.preset}"                 # "lan", "wan" or "local": timings for the distance between nodes
# managers = ["*"]               # nodes whose commands may look into this one and manage it; "*" for all
`;
}

/** Reads `node.toml`; undefined when there is none. Throws FAILED_PRECONDITION, naming file and key, when it cannot be used. */
export function readNodeFile(path: string): NodeSettings | undefined {
  const empty = new NodeTable(path, "", {});
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw empty.unusable(String(error), error);
  }
  let document: NodeTable;
  try {
    document = new NodeTable(path, "", Bun.TOML.parse(text) as Table);
  } catch (error) {
    throw empty.unusable(`it is not TOML: ${(error as Error).message}`, error);
  }
  document.refuseOthers("table", ["node", "network"]);
  const node = document.table("node");
  if (node === undefined) throw document.unusable("expected a table [node]");
  node.refuseOthers("key", KEYS);
  const place = `${PLACE_RULE}, in quotes`;
  return {
    id: readId(node),
    region: node.value("region", place, matching(PLACE_PATTERN), PLACE_DEFAULT),
    zone: node.value("zone", place, matching(PLACE_PATTERN), PLACE_DEFAULT),
    heartbeatMs: node.value("heartbeat", 'text from "100ms" to "5m"', readHeartbeat, HEARTBEAT_MS_DEFAULT),
    network: readNetwork(document.table("network")),
  };
}

function readId(node: NodeTable): string {
  const id = node.value("id", ID_RULE, matching(ID_PATTERN), undefined);
  if (id === undefined) throw node.unusable(`node.id: expected ${ID_RULE}, found nothing`);
  return id;
}

function matching(pattern: RegExp): (value: unknown) => string | undefined {
  return (value) => (typeof value === "string" && pattern.test(value) ? value : undefined);
}

function readHeartbeat(value: unknown): number | undefined {
  const [, amount, unit = ""] = typeof value === "string" ? /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(value) ?? [] : [];
  const heartbeatMs = Number(amount) * (UNITS[unit] ?? NaN);
  return heartbeatMs >= HEARTBEAT_MS_MIN && heartbeatMs <= HEARTBEAT_MS_MAX ? heartbeatMs : undefined;
}
