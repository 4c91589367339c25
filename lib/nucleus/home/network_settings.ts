import { isIP } from "node:net";
import { isHost, parseHostPort, PORT_MAX } from "./host_port.ts";
import type { NodeTable } from "./node_table.ts";

/** Timings for the distance between nodes. */
export type NetworkPreset = "lan" | "wan" | "local";

/** Ports, both ends included. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** What `[network]` of `node.toml` says: how this node listens to the others and finds them. */
export interface NetworkSettings {
  /** Address of the interface to listen at. @default "0.0.0.0": all of them */
  readonly host: string;
  /** Hosts that others reach this node at. @default the addresses of this machine */
  readonly addresses: readonly string[] | undefined;
  /** UDP and TCP, 0 for any. @default 9043, any when it is taken */
  readonly port: number | undefined;
  /** UDP, 0 for any. @default 9044, any when it is taken */
  readonly gossipPort: number | undefined;
  /** What instances listen at. @default any that is free */
  readonly instancePorts: PortRange | undefined;
  /** HOST:PORT of nodes that are asked first. @default none */
  readonly seeds: readonly string[];
  /** Whether nodes are looked for on the LAN. @default true */
  readonly isMulticast: boolean;
  /** UDP. @default 9042 */
  readonly multicastPort: number;
  /** @default "lan" */
  readonly preset: NetworkPreset;
  /** Names of nodes whose agents may manage this one, "*" for all of the cluster. @default ["*"] */
  readonly managers: readonly string[];
}

/** Stands for all nodes of the cluster among `managers`. */
export const EVERY_NODE = "*";

/** What a node without a table [network] has. */
export const NETWORK_DEFAULTS: NetworkSettings = {
  host: "0.0.0.0",
  addresses: undefined,
  port: undefined,
  gossipPort: undefined,
  instancePorts: undefined,
  seeds: [],
  isMulticast: true,
  multicastPort: 9042,
  preset: "lan",
  managers: [EVERY_NODE],
};

/** A node's record, which has them, travels in one packet. */
const ADDRESSES_MAX = 8;
/** All of them together. */
const ADDRESSES_LENGTH_MAX = 256;
/** More are nobody's to keep in mind. */
export const MANAGERS_MAX = 64;
const NODE_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
/** All of them are asked again and again. */
const SEEDS_MAX = 16;

const PRESETS: readonly string[] = ["lan", "wan", "local"] satisfies NetworkPreset[];
/** What [network] may say. */
export const NETWORK_KEYS = [
  "host",
  "addresses",
  "port",
  "gossip_port",
  "instance_ports",
  "seeds",
  "multicast",
  "multicast_port",
  "preset",
  "managers",
];

/** Reads [network]. Throws FAILED_PRECONDITION that names the key. */
export function readNetwork(table: NodeTable | undefined): NetworkSettings {
  if (table === undefined) return NETWORK_DEFAULTS;
  table.refuseOthers("key", NETWORK_KEYS);
  const port = `a whole number from 0 to ${PORT_MAX}, 0 for any free port`;
  return {
    host: table.value("host", 'an IP address of this machine, such as "0.0.0.0"', readAddress, NETWORK_DEFAULTS.host),
    addresses: table.value(
      "addresses",
      `1 to ${ADDRESSES_MAX} names or IP addresses such as "203.0.113.7", ${ADDRESSES_LENGTH_MAX} characters together`,
      readAddresses,
      NETWORK_DEFAULTS.addresses,
    ),
    port: table.value("port", port, portFrom(0), NETWORK_DEFAULTS.port),
    gossipPort: table.value("gossip_port", port, portFrom(0), NETWORK_DEFAULTS.gossipPort),
    instancePorts: table.value(
      "instance_ports",
      'the first and the last port, such as "20000-20100"',
      readRange,
      NETWORK_DEFAULTS.instancePorts,
    ),
    seeds: table.value(
      "seeds",
      `at most ${SEEDS_MAX} of "HOST:PORT", an IPv6 address in brackets`,
      listOf((text) => parseHostPort(text) !== undefined, 0, SEEDS_MAX),
      NETWORK_DEFAULTS.seeds,
    ),
    isMulticast: table.value("multicast", "true or false", readBoolean, NETWORK_DEFAULTS.isMulticast),
    multicastPort: table.value(
      "multicast_port",
      `a whole number from 1 to ${PORT_MAX}`,
      portFrom(1),
      NETWORK_DEFAULTS.multicastPort,
    ),
    preset: table.value("preset", '"lan", "wan" or "local"', readPreset, NETWORK_DEFAULTS.preset),
    managers: table.value(
      "managers",
      `at most ${MANAGERS_MAX} names or ids of nodes, or "${EVERY_NODE}"`,
      listOf((text) => text === EVERY_NODE || NODE_NAME.test(text), 0, MANAGERS_MAX),
      NETWORK_DEFAULTS.managers,
    ),
  };
}

function readAddress(value: unknown): string | undefined {
  return typeof value === "string" && isIP(value) !== 0 ? value : undefined;
}

function readAddresses(value: unknown): string[] | undefined {
  const addresses = listOf(isHost, 1, ADDRESSES_MAX)(value);
  return addresses !== undefined && addresses.join("").length <= ADDRESSES_LENGTH_MAX ? addresses : undefined;
}

function readBoolean(value: unknown): boolean | undefined {
  return typeof value === "boolean" ? value : undefined;
}

function readPreset(value: unknown): NetworkPreset | undefined {
  return typeof value === "string" && PRESETS.includes(value) ? value as NetworkPreset : undefined;
}

function readRange(value: unknown): PortRange | undefined {
  const [, from = "", to = ""] = typeof value === "string" ? /^(\d{1,5})\s*-\s*(\d{1,5})$/.exec(value) ?? [] : [];
  const [first, last] = [Number(from), Number(to)];
  return first >= 1 && first <= last && last <= PORT_MAX ? { first, last } : undefined;
}

function portFrom(min: number): (value: unknown) => number | undefined {
  return (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= PORT_MAX ? value : undefined;
}

function listOf(isItem: (text: string) => boolean, min: number, max: number): (value: unknown) => string[] | undefined {
  return (value) => {
    if (!Array.isArray(value) || value.length < min || value.length > max) return undefined;
    const items = value as unknown[];
    return items.every((item) => typeof item === "string" && isItem(item)) ? items as string[] : undefined;
  };
}
