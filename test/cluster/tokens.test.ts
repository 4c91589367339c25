import { expect, setDefaultTimeout, test } from "bun:test";
import { type ClusterNode, TestCluster, until } from "../harness/mod.ts";

setDefaultTimeout(120_000);

/** Nodes of which the first has made a cluster, and the others have not joined. */
async function strangers(count: number): Promise<{ cluster: TestCluster; first: ClusterNode; others: ClusterNode[] }> {
  const cluster = TestCluster.ofHomes(count);
  await Promise.all(cluster.nodes.map((node) => node.up()));
  const [first, ...others] = cluster.nodes;
  return { cluster, first: first!, others };
}

async function refused(node: ClusterNode, token: string): Promise<string> {
  const { exit, stderr } = await node.cell(["call", "nucleus", "join", token]);
  expect(exit).not.toBe(0);
  expect((await node.cluster()).network).toBe(false);
  return stderr;
}

test.concurrent("a token admits as many nodes as it was made for", async () => {
  const { cluster, first, others: [two, three] } = await strangers(3);
  await using _cluster = cluster;
  const token = await first.token();
  await two!.join(token);
  expect(await refused(three!, token)).toContain("admitted as many machines as it was made for");
});

test.concurrent("of two nodes that show a token for one at the same time one joins", async () => {
  const { cluster, first, others } = await strangers(3);
  await using _cluster = cluster;
  const token = await first.token();
  const exits = await Promise.all(others.map((node) => node.cell(["call", "nucleus", "join", token])));
  expect(exits.map(({ exit }) => exit === 0).sort()).toEqual([false, true]);
});

test.concurrent("a token that has expired, or was revoked, admits nobody", async () => {
  const { cluster, first, others: [two] } = await strangers(2);
  await using _cluster = cluster;
  const short = await first.call<{ token: string; id: string }>("nucleus", "createToken", '{"ttlMs":1000}');
  await until(async () => (await first.ask<unknown[]>("tokens")).length === 0, "the token to expire");
  expect(await refused(two!, short.token)).toContain("expired");
  const revoked = await first.call<{ token: string; id: string }>("nucleus", "createToken", "{}");
  await first.call("nucleus", "revokeToken", revoked.id);
  expect(await refused(two!, revoked.token)).toContain("does not know it");
});

test.concurrent(
  "a token with a wrong letter is refused before anybody is asked, and one of another cluster by whoever is asked",
  async () => {
    const { cluster, first, others: [two, three] } = await strangers(3);
    await using _cluster = cluster;
    const token = await first.token();
    const letter = token.at(20) === "A" ? "B" : "A";
    expect(await refused(two!, token.slice(0, 20) + letter + token.slice(21))).toContain("typing error");
    expect(await refused(two!, token.slice(0, -10))).toContain("cut off");
    // The token of another cluster, whose address is now one of ours.
    const foreign = await three!.token();
    const { addresses, nodePort } = await first.cluster();
    const { exit, stderr } = await two!.cell(["call", "nucleus", "join", foreign, `${addresses[0]}:${nodePort}`]);
    expect({ exit, stderr }).toMatchObject({ exit: 5 });
    expect(stderr).toContain("another");
  },
);

test.concurrent("who guesses tokens has to wait, and who has one still joins", async () => {
  const { cluster, first, others: [two, three] } = await strangers(3);
  await using _cluster = cluster;
  const token = await first.token();
  const wrong: string[] = [];
  for (let guess = 0; guess < 3; guess++) {
    const made = await first.call<{ token: string; id: string }>("nucleus", "createToken", "{}");
    await first.call("nucleus", "revokeToken", made.id);
    wrong.push(made.token);
  }
  // All nodes of this test have one address, so the limit is met by whoever comes last.
  const answers: string[] = [];
  while (!answers.at(-1)?.includes("too many wrong tokens") && answers.length < 20) {
    answers.push(await refused(two!, wrong[answers.length % wrong.length]!));
  }
  expect(answers.at(-1)).toContain("too many wrong tokens");
  expect(await refused(three!, token)).toContain("too many wrong tokens");
});

test.concurrent("two nodes of one name are refused, and the token can still be used", async () => {
  await using cluster = TestCluster.ofHomes({ ann: {}, bob: {}, "bob-2": {} });
  const [ann, bob, other] = cluster.nodes;
  await Promise.all([ann!.up(), bob!.up()]);
  const token = await ann!.token(2);
  await bob!.join(token);
  other!.write("home/node.toml", (await Bun.file(`${other!.home}/node.toml`).text()).replace("bob-2", "bob"));
  await other!.up();
  expect(await refused(other!, token)).toContain("has this name");
  await other!.ok(["down"]);
  other!.configure();
  await other!.up();
  await other!.join(token);
  await cluster.untilAgreed();
});
