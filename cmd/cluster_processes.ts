import { mergeProcesses, type ServiceProcess, takeSnapshot } from "../lib/machine/mod.ts";
import {
  type CatalogInstance,
  connectNucleus,
  type InstanceStatus,
  NUCLEUS,
  type ServiceStatus,
} from "../lib/nucleus/client/mod.ts";
import { answeringMembers, askNodes, type NodeAnswer } from "./ask_nodes.ts";

/** A process and the node that it runs on. */
export interface PlacedProcess extends ServiceProcess {
  /** The node's name. */
  node: string;
  nodeId: string;
}

/** What runs in the cluster, as far as its nodes have answered. */
export interface ClusterProcesses {
  /** By node, service and number. */
  processes: PlacedProcess[];
  answers: NodeAnswer<unknown>[];
  /** What is deployed, by node: also what has no instance. */
  services: (ServiceStatus & { node: string })[];
  /** Names of nodes that have failed: nobody knows what runs on them. */
  failed: string[];
}

interface NodeProcesses {
  processes: ServiceProcess[];
  services: ServiceStatus[];
}

/** Asks every node that is there what runs on it. Throws UNAVAILABLE without an agent here. */
export async function clusterProcesses(): Promise<ClusterProcesses> {
  await using nucleus = await connectNucleus();
  const [members, catalog] = await Promise.all([nucleus.members(), nucleus.discover()]);
  const answers = await askNodes<NodeProcesses>(
    answeringMembers(members),
    async (remote, { isSelf, id }) => {
      const [{ services }, processes] = await Promise.all([
        remote.status(),
        isSelf
          ? takeSnapshot().then((snapshot) => snapshot.processes)
          : remote.instances().then((all) => remoteProcesses(all, catalog.filter(({ nodeId }) => nodeId === id))),
      ]);
      return { processes, services };
    },
  );
  const answered = answers.flatMap(({ member, value }) => (value === undefined ? [] : [{ member, ...value }]));
  return {
    processes: answered.flatMap(({ member: { name, id }, processes }) =>
      processes.map((process) => ({ node: name, nodeId: id, ...process }))
    ),
    services: answered.flatMap(({ member, services }) =>
      services.map((service) => ({ node: member.name, ...service }))
    ),
    answers,
    failed: members.filter(({ state }) => state === "failed").map(({ name }) => name),
  };
}

/** What runs on one other node: what was deployed there, and from the catalog what `cell run` serves. */
export async function nodeProcesses(node: string): Promise<ServiceProcess[]> {
  await using nucleus = await connectNucleus({ node });
  const [statuses, { nodeId }, catalog] = await Promise.all([
    nucleus.instances(),
    nucleus.cluster(),
    nucleus.discover(),
  ]);
  return remoteProcesses(statuses, catalog.filter((instance) => instance.nodeId === nodeId));
}

/** Processes of another machine: what this one's kernel says of pids is not about them. */
export function remoteProcesses(
  statuses: readonly InstanceStatus[],
  catalog: readonly CatalogInstance[],
): ServiceProcess[] {
  const deployed = mergeProcesses([], statuses, () => ({ memoryBytes: undefined, cpuMs: undefined }));
  // What was deployed the agent knows, and the catalog later than it; what was not only the catalog knows.
  const others = catalog.filter(({ release, service }) => release === null && service !== NUCLEUS);
  return [...deployed, ...others.map(processOf)].sort(inOrder);
}

/** What the catalog says of an instance; nobody is asked for more. */
function processOf({ service, instance, species, release, health, isSilent }: CatalogInstance): ServiceProcess {
  return {
    service,
    instance,
    number: null,
    release,
    pid: null,
    state: isSilent ? "silent" : health,
    reason: null,
    species,
    methods: null,
    uptimeMs: null,
    restarts: 0,
    connections: null,
    inFlight: null,
    calls: null,
    errors: null,
    callsPerSecond: null,
    p50Micros: null,
    p99Micros: null,
    memoryBytes: null,
    cpuShare: null,
    cpuMs: null,
    eventLoopLagMs: null,
    socket: null,
    stats: null,
  };
}

function inOrder(a: ServiceProcess, b: ServiceProcess): number {
  if (a.service !== b.service) return a.service < b.service ? -1 : 1;
  return (a.number ?? 0) - (b.number ?? 0);
}
