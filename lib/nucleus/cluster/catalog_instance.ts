import type { CatalogEntry } from "../../gossip/catalog/mod.ts";
import { LOAD_MAX } from "../../gossip/catalog/mod.ts";
import type { ClusterMember } from "../../gossip/mod.ts";
import type { CatalogInstance } from "../client/mod.ts";
import { hostAndPort } from "./own_addresses.ts";

/**
 * An instance of another node as callers see it: where its node can be reached comes from the node's record, its ports from
 * its entry. Directly over QUIC first, then over TLS, then through the agent of its node.
 */
export function catalogInstance(
  entry: CatalogEntry,
  { record, state }: Pick<ClusterMember, "record" | "state">,
): CatalogInstance {
  const { service, instance, species, release, node, health, load, quicPort, tlsPort } = entry;
  const at = (transport: string, port: number) =>
    port === 0 ? [] : record.addresses.map((host) => `${transport}:${hostAndPort(host, port)}`);
  return {
    service,
    instance,
    species,
    release: release ?? null,
    node: record.name,
    nodeId: node,
    region: record.region,
    zone: record.zone,
    health,
    ...(state === "suspect" ? { isSilent: true } : {}),
    load: load / LOAD_MAX,
    endpoints: [...at("quic", quicPort), ...at("tls", tlsPort), ...at("relay", record.nodePort)],
  };
}

/** hello@2 before hello@10. */
const byNumber = new Intl.Collator("en", { numeric: true });

/** Sorts by service, node and instance. */
export function compareInstances(a: CatalogInstance, b: CatalogInstance): number {
  return compare(a.service, b.service) || compare(a.node, b.node) || compare(a.nodeId, b.nodeId) ||
    byNumber.compare(a.instance, b.instance);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
