/** Membership, catalogue and discovery of a cluster. */
export type { Contact } from "./contact.ts";
export { formatContact, parseContact } from "./contact.ts";
export {
  DEFAULT_MULTICAST,
  type MulticastOptions,
  SEEK_TIMEOUT_MS,
  seekCluster,
  seekKeyOf,
  type SeekOptions,
} from "./discovery/mod.ts";
export { EXCHANGE_BYTES_MAX } from "./exchange_message.ts";
export { GossipNode, type GossipStats } from "./gossip_node.ts";
export {
  type Clocks,
  type ClusterMember,
  GOSSIP_PORT,
  type GossipEvents,
  type GossipOptions,
  type GossipStreams,
} from "./gossip_options.ts";
export { NODE_ADDRESSES_MAX, type NodeFacts, type NodeRecord } from "./node_record.ts";
export { type StreamTarget, targetOf } from "./stream_target.ts";
