import type { MemberState } from "../../lib/nucleus/client/mod.ts";
import { ClusterNode, type ClusterNodeOptions } from "./cluster_node.ts";
import { until } from "./until.ts";

/**
 * Several nodes on this machine's loopback interface, each with a home, an agent and workers of its own:
 *
 *     await using cluster = await TestCluster.start(3);
 *     const [one, two] = cluster.nodes;
 *     await one.deploy("hello", SOURCE);
 *     await two.call("hello", "greet", "name=x");
 *
 * The end of the scope ends every process of every node and removes their homes.
 */
export class TestCluster implements AsyncDisposable {
  readonly nodes: ClusterNode[] = [];

  private constructor() {}

  /** Homes, agents and one cluster of all of them: `count` nodes named node-1, node-2, ..., or those that are described. */
  static async start(nodes: number | { [name: string]: ClusterNodeOptions }): Promise<TestCluster> {
    const cluster = TestCluster.ofHomes(nodes);
    try {
      await Promise.all(cluster.nodes.map((node) => node.up()));
      const [first, ...others] = cluster.nodes;
      if (first !== undefined && others.length > 0) {
        const token = await first.token(others.length);
        await Promise.all(others.map((node) => node.join(token)));
        await cluster.untilAgreed();
      }
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Only the homes: no agent runs, nobody has joined. */
  static ofHomes(nodes: number | { [name: string]: ClusterNodeOptions }): TestCluster {
    const described = typeof nodes === "number"
      ? Object.fromEntries(Array.from({ length: nodes }, (_, index) => [`node-${index + 1}`, {}]))
      : nodes;
    const cluster = new TestCluster();
    for (const [name, options] of Object.entries(described)) cluster.nodes.push(new ClusterNode(name, options));
    return cluster;
  }

  /** The node of this name. */
  node(name: string): ClusterNode {
    const found = this.nodes.find((node) => node.name === name);
    if (found === undefined) throw new Error(`there is no node ${name} in this cluster`);
    return found;
  }

  /** Waits until each of `among` sees all of `among` alive. */
  async untilAgreed(among: readonly ClusterNode[] = this.nodes): Promise<void> {
    for (const observer of among) {
      for (const { name } of among) await this.untilSeen(observer, name, "alive");
    }
  }

  /** Waits until `observer` sees the node of this name in this state; "gone" when it does not list it. */
  async untilSeen(observer: ClusterNode, name: string, state: MemberState | "gone"): Promise<void> {
    let seen: string | undefined;
    const isSeen = async () => {
      seen = (await observer.members()).find((member) => member.name === name)?.state ?? "gone";
      return seen === state;
    };
    await until(isSeen, () => `${observer.name} to see ${name} as ${state}, which is ${seen} there`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ends = this.nodes.map((node) => {
      // What is stopped is killed as well; only what runs can be seen to end.
      node.thaw();
      return node[Symbol.asyncDispose]();
    });
    const failed = (await Promise.allSettled(ends)).filter((end) => end.status === "rejected");
    if (failed[0] !== undefined) throw failed[0].reason;
  }
}
