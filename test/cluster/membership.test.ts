import { expect, setDefaultTimeout, test } from "bun:test";
import { TestCluster, until } from "../harness/mod.ts";

setDefaultTimeout(120_000);

test.concurrent(
  "five nodes know each other; one that is killed has failed for all others, and is back when it is started again",
  async () => {
    await using cluster = await TestCluster.start(5);
    const [first, ...others] = cluster.nodes;
    for (const node of cluster.nodes) {
      const members = await node.members();
      expect(members.map(({ name }) => name)).toEqual(cluster.nodes.map(({ name }) => name));
      expect(members.filter(({ isSelf }) => isSelf).map(({ name }) => name)).toEqual([node.name]);
    }
    await others[3]!.kill();
    for (const node of [first!, ...others.slice(0, 3)]) await cluster.untilSeen(node, "node-5", "failed");
    await others[3]!.up();
    await cluster.untilAgreed();
  },
);

test.concurrent("a node that leaves has left, not failed, and comes back without a token", async () => {
  await using cluster = await TestCluster.start(3);
  const [one, two, three] = cluster.nodes;
  await two!.call("nucleus", "leave");
  for (const node of [one!, three!]) await cluster.untilSeen(node, "node-2", "left");
  expect((await two!.cluster()).network).toBe(false);
  expect((await two!.members()).map(({ name }) => name)).toEqual(["node-2"]);
  await two!.call("nucleus", "join");
  await cluster.untilAgreed();
});

test.concurrent(
  "an agent that goes down says goodbye, and one that is replaced by its new binary stays a member",
  async () => {
    await using cluster = await TestCluster.start(2);
    const [one, two] = cluster.nodes;
    await two!.ok(["restart", "nucleus"]);
    await cluster.untilSeen(one!, "node-2", "alive");
    await until(async () => (await two!.members()).length === 2, "the new agent to know its cluster");
    // It may have been suspected while it was away for a moment.
    const state = (await one!.members()).find(({ name }) => name === "node-2")?.state;
    expect(["alive", "suspect"]).toContain(state ?? "gone");
    await cluster.untilAgreed();
    await two!.ok(["down"]);
    await cluster.untilSeen(one!, "node-2", "left");
  },
);

test.concurrent("who follows a service hears that a node which has it answers nobody, and that it is back", async () => {
  // A suspect of this preset fails after many seconds: what is told of it cannot be missed.
  const options = { network: ['preset = "lan"'] };
  await using cluster = await TestCluster.start({ one: options, two: options });
  const [one, two] = cluster.nodes;
  await two!.deploy("hello", "export function greet(name: string): string {\n  return name;\n}\n");
  await until(async () => (await one!.discover("hello")).length === 1, "the instance to be known");
  const watching = one!.start(["discover", "hello", "--watch", "--json"]);
  const told = (): (boolean | undefined)[] =>
    watching.stdout.split("\n").slice(0, -1).map((line) => JSON.parse(line)[0]?.isSilent);
  await watching.until(() => told().length > 0, "what there is");
  two!.freeze();
  await watching.until(() => told().at(-1) === true, "the suspicion");
  two!.thaw();
  await watching.until(() => told().length > 2 && told().at(-1) === undefined, "its end");
});

test.concurrent(
  "a node that was removed is shut out of everything, for good, and comes back with a new token as another node",
  async () => {
    await using cluster = await TestCluster.start(3);
    const [one, two, three] = cluster.nodes;
    const idBefore = (await three!.cluster()).nodeId;
    await one!.call("nucleus", "removeMember", "node-3");
    for (const node of [one!, two!]) await cluster.untilSeen(node, "node-3", "gone");
    await until(async () => !(await three!.cluster()).network, "the removed node to turn its network off");
    const back = await three!.cell(["call", "nucleus", "join"]);
    expect(back.exit).not.toBe(0);
    await three!.join(await one!.token());
    await cluster.untilAgreed();
    expect((await three!.cluster()).nodeId).not.toBe(idBefore);
  },
);

test.concurrent("only the node that holds the authority's key makes tokens and removes nodes", async () => {
  await using cluster = await TestCluster.start(2);
  const two = cluster.node("node-2");
  const token = await two.cell(["call", "nucleus", "createToken", "{}"]);
  expect(token.stderr).toContain("does not hold its authority's key");
  const removal = await two.cell(["call", "nucleus", "removeMember", "node-1"]);
  expect(removal.stderr).toContain("does not hold the authority's key");
  await cluster.untilAgreed();
});

test.concurrent(
  "what a node knows of its cluster is whole after a crash at any time, and its agent starts without it",
  async () => {
    await using cluster = await TestCluster.start(2);
    const [one, two] = cluster.nodes;
    for (let crash = 0; crash < 5; crash++) {
      await two!.kill();
      await two!.up();
    }
    await cluster.untilAgreed();
    await one!.ok(["down"]);
    one!.write("home/keys/cluster.json", "{");
    await one!.up();
    const status = await one!.cell(["call", "nucleus", "createToken", "{}"]);
    expect(status.stderr).toContain("cluster.json");
    await cluster.untilSeen(two!, "node-1", "left");
  },
);
