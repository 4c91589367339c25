import { createSocket, type Socket } from "node:dgram";
import { join } from "node:path";
import { MINUTE, MS, SECOND } from "../../base/mod.ts";
import { DEFAULT_MULTICAST, ownInterfaces } from "../../gossip/discovery/mod.ts";
import { type ClusterStatus, connectNucleus, type Member, type NetworkCondition } from "../../nucleus/client/mod.ts";
import { readNodeFile } from "../../nucleus/home/mod.ts";
import { home } from "../../service/mod.ts";
import { type Check, fail, type Finding, ok, warn } from "../check.ts";

/** An agent that takes longer is silent; the check of the agent says so. */
const AGENT_MS_MAX = 2 * SECOND;
/** A connection to an address of this very machine takes less than a millisecond. */
const CONNECT_MS_MAX = 1 * SECOND;
/** What is sent to oneself has arrived by then. */
const ECHO_MS_MAX = 300 * MS;
/** The group of the nodes; the port is another one, so none of them hears this. */
const { group: GROUP } = DEFAULT_MULTICAST;

/** Whether this node listens to others, and where. */
export const NETWORK: Check = {
  name: "network",
  run: async () => {
    const condition = await askCondition();
    return condition === undefined
      ? examineNetwork(undefined)
      : examineCondition(condition) ?? examineNetwork((await askCluster())?.status);
  },
};

/** Whether the addresses that others are told lead here. */
export const ADDRESSES: Check = {
  name: "addresses",
  run: async () => {
    const status = (await askCluster())?.status;
    if (status === undefined || status.nodePort === null) return ok("none needed while the network is off");
    return await examineAddresses(status.addresses, status.nodePort);
  },
};

/** Whether nodes on the LAN can find each other by themselves. */
export const MULTICAST: Check = {
  name: "multicast",
  run: async () => {
    const isWanted = readNodeFile(join(home(), "node.toml"))?.network.isMulticast ?? true;
    if (!isWanted) return ok("off in node.toml");
    const interfaces = ownInterfaces();
    return examineMulticast(interfaces, await echoes(interfaces));
  },
};

/** Whether the other nodes are there. */
export const CLUSTER: Check = { name: "cluster", run: async () => examineMembers((await askCluster())?.members ?? []) };

/** The finding for a network that is not as it should be; undefined where there is nothing to say of that. */
export function examineCondition({ problem, warning }: NetworkCondition): Finding | undefined {
  if (problem !== null) return fail(...halves(problem));
  return warning === null ? undefined : warn(...halves(warning));
}

/** The finding for what the agent says of its network; undefined without an agent. */
export function examineNetwork(status: ClusterStatus | undefined): Finding {
  if (status === undefined) return ok("the agent does not run or does not answer");
  const { network, addresses, nodePort, gossipPort } = status;
  if (!network) return ok("off; `cell token create` or `cell join TOKEN` turns it on");
  const found = `on: ${addresses.join(", ")}, port ${nodePort} (UDP and TCP), gossip port ${gossipPort} (UDP)`;
  const isLocal = addresses.every((address) => address === "::1" || address.startsWith("127."));
  if (!isLocal) return ok(found);
  return warn(found, "only this machine reaches these: set `addresses` in the [network] of node.toml");
}

/** Connects to each address, as another node would. */
export async function examineAddresses(addresses: readonly string[], port: number): Promise<Finding> {
  const failures = await Promise.all(addresses.map(async (host) => {
    const why = await connectFailure(host, port);
    return why === undefined ? [] : [`${host}:${port} (${why})`];
  }));
  const unreachable = failures.flat();
  if (unreachable.length === 0) return ok(`reached at ${addresses.length === 1 ? addresses[0] : "all of them"}`);
  return warn(
    `cannot be reached from here: ${unreachable.join(", ")}`,
    "let the port through firewall and router, or correct `addresses` in node.toml; some routers only refuse to lead back",
  );
}

/** The finding for interfaces of which `heard` have carried a datagram to the group and back. */
export function examineMulticast(interfaces: readonly string[], heard: ReadonlySet<string>): Finding {
  const working = interfaces.filter((address) => heard.has(address));
  if (working.length > 0) return ok(`works on ${working.join(", ")}`);
  return warn(
    `no interface carries it (${interfaces.join(", ") || "there is none with an IPv4 address"})`,
    "nodes are still found by the addresses in tokens and by `seeds` in node.toml; `multicast = false` ends the search",
  );
}

/** The finding for the nodes of the cluster. */
export function examineMembers(members: readonly Member[]): Finding {
  const others = members.filter(({ isSelf }) => !isSelf);
  if (others.length === 0) return ok("no other node");
  const missing = others.filter(({ state }) => state === "failed" || state === "suspect");
  const there = others.filter(({ state }) => state === "alive").length;
  if (missing.length === 0) return ok(`${there} other ${there === 1 ? "node" : "nodes"} alive`);
  const names = missing.map(({ name, state, sinceMs }) => `${name} (${state} for ${spanText(sinceMs)})`);
  return warn(
    `${there} of ${others.length} other nodes alive, not ${names.join(", ")}`,
    "look at those machines; one that is gone for good: `cell members remove NODE`",
  );
}

/** What is so, and what to do: the last sentence. */
function halves(text: string): [found: string, advice: string] {
  const at = text.lastIndexOf(". ");
  return at === -1 ? [text, "`cell logs nucleus`"] : [text.slice(0, at), text.slice(at + 2)];
}

function spanText(spanMs: number): string {
  return spanMs < MINUTE ? `${Math.round(spanMs / SECOND)} s` : `${Math.round(spanMs / MINUTE)} min`;
}

/** Undefined without an agent that answers in time. An agent that cannot read who it is says nothing else of the cluster. */
async function askCondition(): Promise<NetworkCondition | undefined> {
  try {
    await using nucleus = await connectNucleus({ timeoutMs: AGENT_MS_MAX });
    return (await nucleus.status()).network;
  } catch {
    return undefined;
  }
}

/** Undefined without an agent that answers in time. */
async function askCluster(): Promise<{ status: ClusterStatus; members: Member[] } | undefined> {
  try {
    await using nucleus = await connectNucleus({ timeoutMs: AGENT_MS_MAX });
    const [status, members] = await Promise.all([nucleus.cluster(), nucleus.members()]);
    return { status, members };
  } catch {
    return undefined;
  }
}

/** Why nobody can be connected to there, or undefined. */
async function connectFailure(hostname: string, port: number): Promise<string | undefined> {
  let timer: Timer | undefined;
  const late = new Promise<string>((resolve) => (timer = setTimeout(() => resolve("no answer"), CONNECT_MS_MAX)));
  const connecting = Bun.connect({ hostname, port, socket: { data() {} } });
  try {
    return await Promise.race([connecting.then(() => undefined), late]);
  } catch (error) {
    return (error as Error & { code?: string }).code ?? (error as Error).message;
  } finally {
    clearTimeout(timer);
    void connecting.then((socket) => socket.terminate()).catch(() => {});
  }
}

/** The interfaces on which a datagram to the group came back. */
async function echoes(interfaces: readonly string[]): Promise<Set<string>> {
  const heard = new Set<string>();
  const mark = crypto.randomUUID();
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  try {
    await new Promise<void>((resolve, reject) => socket.once("error", reject).bind(0, resolve));
    const done = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ECHO_MS_MAX);
      socket.on("message", (bytes) => {
        const [found, address = ""] = bytes.toString("latin1").split(" ");
        if (found === mark) heard.add(address);
        if (heard.size < interfaces.length) return;
        clearTimeout(timer);
        resolve();
      });
    });
    socket.setMulticastTTL(1);
    socket.setMulticastLoopback(true);
    for (const address of interfaces) await sendTo(socket, address, mark);
    await done;
  } catch {
    // A system without IPv4: nothing is heard.
  } finally {
    socket.close();
  }
  return heard;
}

/** An interface that cannot do it is not heard. */
async function sendTo(socket: Socket, address: string, mark: string): Promise<void> {
  try {
    socket.addMembership(GROUP, address);
    socket.setMulticastInterface(address);
    await new Promise<void>((resolve) =>
      socket.send(`${mark} ${address}`, socket.address().port, GROUP, () => resolve())
    );
  } catch {
    // It is not heard.
  }
}
