import {
  type CatalogInstance,
  type ClusterStatus,
  connectNucleus,
  type Member,
  shortNodeId,
} from "../lib/nucleus/client/mod.ts";
import { stdoutStyle, type Style } from "./color.ts";
import { type AnyCommand, createCommand } from "./command.ts";
import { countInstances } from "./follow_service.ts";
import { formatLoad, styleHealth } from "./instance_health.ts";
import { styleMemberState } from "./members.ts";
import { printJson, printLines } from "./stdout.ts";
import { withoutControls } from "./without_controls.ts";

/** What `cell topology --json` prints. */
export interface Topology {
  cluster: string;
  regions: { region: string; zones: { zone: string; nodes: TopologyNode[] }[] }[];
}

/** A node with what runs on it. */
export interface TopologyNode extends Pick<Member, "name" | "id" | "state" | "address" | "version" | "isSelf"> {
  instances: Pick<CatalogInstance, "service" | "instance" | "species" | "health" | "isSilent" | "load">[];
}

/** A line of the tree and what hangs below it. */
interface Branch {
  text: string;
  below: Branch[];
}

/** `cell topology` */
export function command(): AnyCommand {
  return createCommand("topology", {
    description: "Show the cluster as a tree: regions, zones, nodes, and the instances that can be called.",
    examples: [
      ["cell topology", "zones only where somebody has named them"],
      ["cell topology --json", "{ cluster, regions: [{ region, zones }] }"],
    ],
    notes: "Region and zone of a node are in its node.toml (`cell init --region --zone`).",
  })
    .option("--json", "print one object")
    .action(async ({ json }) => {
      await using nucleus = await connectNucleus();
      const [cluster, members, found] = await Promise.all([nucleus.cluster(), nucleus.members(), nucleus.discover()]);
      const topology = topologyOf(cluster, members, found);
      if (json) return await printJson(topology);
      await printLines(topologyLines(topology, stdoutStyle()));
    });
}

/** Members and instances by where they are: everything sorted by name. */
export function topologyOf(
  { cluster }: Pick<ClusterStatus, "cluster">,
  members: readonly Member[],
  found: readonly CatalogInstance[],
): Topology {
  const onNode = Map.groupBy(found, ({ nodeId }) => nodeId);
  const nodeOf = ({ name, id, state, address, version, isSelf }: Member): TopologyNode => ({
    name,
    id,
    state,
    address,
    version,
    isSelf,
    instances: (onNode.get(id) ?? []).map(({ service, instance, species, health, isSilent = false, load }) => ({
      service,
      instance,
      species,
      health,
      isSilent,
      load,
    })),
  });
  const regions = sortedGroups(members, ({ region }) => region).map(([region, inRegion]) => ({
    region,
    zones: sortedGroups(inRegion, ({ zone }) => zone).map(([zone, inZone]) => ({ zone, nodes: inZone.map(nodeOf) })),
  }));
  return { cluster, regions };
}

/** What `cell topology` prints. */
export function topologyLines({ cluster, regions }: Topology, style: Style): string[] {
  const nodes = regions.flatMap(({ zones }) => zones.flatMap((zone) => zone.nodes));
  const instances = nodes.reduce((sum, node) => sum + node.instances.length, 0);
  const count = `${nodes.length} ${nodes.length === 1 ? "node" : "nodes"}, ${countInstances(instances)}`;
  const branches = regions.map(({ region, zones }) => {
    const isPlain = zones.length === 1 && zones[0]!.zone === "default";
    const below = isPlain ? zones[0]!.nodes.map((node) => nodeBranch(node, style)) : zones.map(({ zone, nodes }) => ({
      text: withoutControls(zone),
      below: nodes.map((node) => nodeBranch(node, style)),
    }));
    return { text: style.bold(withoutControls(region)), below };
  });
  return [
    `cluster ${shortNodeId(cluster)}  ${count}`,
    ...branches.flatMap((branch) => [branch.text, ...drawn(branch.below)]),
  ];
}

function nodeBranch({ name, state, address, isSelf, instances }: TopologyNode, style: Style): Branch {
  const shown = `${style.bold(withoutControls(name))}${isSelf ? " *" : ""}  ${styleMemberState(state, style)}`;
  const width = Math.max(0, ...instances.map(({ instance }) => instance.length));
  return {
    text: address === "" ? shown : `${shown}  ${style.dim(address)}`,
    below: instances.map((found) => ({
      text: `${found.instance.padEnd(width)}  ${styleHealth(found, style)}  ${formatLoad(found.load)}`,
      below: [],
    })),
  };
}

function drawn(branches: readonly Branch[]): string[] {
  return branches.flatMap(({ text, below }, index) => {
    const isLast = index === branches.length - 1;
    const lines = drawn(below).map((line) => (isLast ? "   " : "│  ") + line);
    return [`${isLast ? "└─ " : "├─ "}${text}`, ...lines];
  });
}

function sortedGroups<T>(items: readonly T[], keyOf: (item: T) => string): [string, T[]][] {
  return [...Map.groupBy(items, keyOf)].sort(([a], [b]) => (a < b ? -1 : 1));
}
