import { CellError } from "../../base/mod.ts";

/** A node, derived from its key: 32 lower-case hex digits. */
export type NodeId = string;

/** How well an instance does; in the order in which it is written. */
export const HEALTHS = ["up", "degraded", "down"] as const;
/** One of the healths. */
export type Health = (typeof HEALTHS)[number];

/** What a node says of one of its instances. */
export interface OwnEntry {
  readonly service: string;
  /** "hello@2", or "hello" where there is only one. */
  readonly instance: string;
  /** The fingerprint of its schema: 16 lower-case hex digits. */
  readonly species: string;
  /** Which deployment it runs; undefined for what was started by hand. */
  readonly release: number | undefined;
  /** UDP; 0 for none. */
  readonly quicPort: number;
  /** TCP; 0 for none. */
  readonly tlsPort: number;
  /** How busy it is, from 0 to `LOAD_MAX`. */
  readonly load: number;
  readonly health: Health;
  /** Whether it has an access list. Informational: the instance itself enforces it. */
  readonly access: boolean;
}

/** One instance in the catalogue. */
export interface CatalogEntry extends OwnEntry {
  /** Who owns it, and alone may change it. */
  readonly node: NodeId;
  /** Which of its owner's statements this is: later ones are greater. */
  readonly version: number;
}

/** As much as a service's name has, in ASCII characters. */
export const SERVICE_LENGTH_MAX = 63;
/** A service's name, "@" and a number of four digits. */
export const INSTANCE_LENGTH_MAX = 68;
/** The load of an instance that can take no more. */
export const LOAD_MAX = 255;

const NODE_PATTERN = /^[0-9a-f]{32}$/;
const SERVICE_PATTERN = /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/;
/** What stands behind the service's name and "@". */
const INSTANCE_NUMBER_PATTERN = /^[1-9][0-9]{0,3}$/;
/** Commands at a shell; their instances are process ids. */
const COMMAND_SERVICE = "cell";
const PROCESS_ID_PATTERN = /^[1-9][0-9]{0,9}$/;
const SPECIES_PATTERN = /^[0-9a-f]{16}$/;
const PORT_MAX = 0xffff;

/** Where an instance of a node is filed: no two of them share it, and neither name contains the separator. */
export function keyOf(service: string, instance: string): string {
  return `${service}/${instance}`;
}

/** Whether `text` is written as a node's id is. */
export function isNodeId(text: string): boolean {
  return NODE_PATTERN.test(text);
}

/** Whether these can be the names of an instance: those that a certificate can have, since nobody reaches another. */
export function areNames(service: string, instance: string): boolean {
  return service.length <= SERVICE_LENGTH_MAX && SERVICE_PATTERN.test(service) && isInstanceOf(service, instance);
}

function isInstanceOf(service: string, instance: string): boolean {
  if (service === COMMAND_SERVICE) return PROCESS_ID_PATTERN.test(instance);
  if (instance === service) return true;
  return instance.startsWith(`${service}@`) && INSTANCE_NUMBER_PATTERN.test(instance.slice(service.length + 1));
}

/** Whether `value` is whole and from 0 to `max`. */
export function isWhole(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

/** Throws INVALID_ARGUMENT with what is wrong with an entry that this node wants to publish. */
export function assertOwnEntry(entry: OwnEntry): void {
  const { service, instance, species, release, quicPort, tlsPort, load, health } = entry;
  const expect = (holds: boolean, expected: string, found: unknown): void => {
    if (holds) return;
    throw new CellError(
      "INVALID_ARGUMENT",
      `publishing ${service} ${instance} in the catalogue: expected ${expected}, found ${JSON.stringify(found)}`,
    );
  };
  expect(areNames(service, instance), "a service's name and an instance's id such as hello@2", [service, instance]);
  expect(SPECIES_PATTERN.test(species), "a species of 16 hex digits", species);
  expect(release === undefined || isWhole(release, Number.MAX_SAFE_INTEGER), "a whole number as release", release);
  expect(isWhole(quicPort, PORT_MAX), "a QUIC port from 0 to 65535", quicPort);
  expect(isWhole(tlsPort, PORT_MAX), "a TLS port from 0 to 65535", tlsPort);
  expect(isWhole(load, LOAD_MAX), `a load from 0 to ${LOAD_MAX}`, load);
  expect(HEALTHS.includes(health), `a health of ${HEALTHS.join(", ")}`, health);
}

/** Whether two entries of one instance say the same, load apart. */
export function sayTheSame(one: OwnEntry, other: OwnEntry): boolean {
  return one.species === other.species && one.release === other.release && one.quicPort === other.quicPort &&
    one.tlsPort === other.tlsPort && one.health === other.health && one.access === other.access;
}
