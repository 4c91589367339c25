import type { ClusterMember } from "../../gossip/mod.ts";
import type { Member } from "../client/mod.ts";
import { hostAndPort } from "./own_addresses.ts";

/** Another node as callers of the agent see it, with so many `instances` in the catalog. */
export function memberOf({ id, state, record, sinceMs }: ClusterMember, instances: number): Member {
  const [host = ""] = record.addresses;
  return {
    name: record.name,
    id,
    address: hostAndPort(host, record.nodePort),
    state,
    sinceMs: Math.max(0, Date.now() - sinceMs),
    region: record.region,
    zone: record.zone,
    version: record.version,
    instances,
    isAuthority: record.isAuthority,
    isSelf: false,
  };
}
