/** This node among others. */
export { Cluster, type ClusterOptions } from "./cluster.ts";
export { ClusterService } from "./cluster_service.ts";
export type { Condition, LocalNode } from "./local_node.ts";
