import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import type { Member } from "../../lib/nucleus/client/mod.ts";
import { type ClusterNode, CommandMachine, TestCluster, until } from "../harness/mod.ts";

// Three agents, their workers and the compiler share a machine with other tests.
setDefaultTimeout(120_000);

const HELLO = `export function greet(name: string): string {
  console.log("greeting", name);
  return \`Hello, \${name}!\`;
}
`;

let cluster: TestCluster;
let pi: ClusterNode;
let board: ClusterNode;
let vps: ClusterNode;
beforeAll(async () => {
  cluster = await TestCluster.start({
    pi: { region: "eu", zone: "attic" },
    board: { region: "eu", zone: "cellar" },
    vps: { region: "us" },
  });
  [pi, board, vps] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode];
  pi.write("hello.ts", HELLO);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

interface Placed {
  node: string;
  instance: string;
  state: string;
}

const everywhere = async (): Promise<string[]> =>
  (await pi.json<Placed[]>(["ps", "--all", "--json"])).map(({ node, instance }) => `${node}/${instance}`);

/** Waits until the catalog of a node has exactly these, as NODE/INSTANCE. */
async function untilDiscovered(observer: ClusterNode, service: string, expected: string[]): Promise<void> {
  const paths = (found: Pick<Placed, "node" | "instance">[]) =>
    found.map(({ node, instance }) => `${node}/${instance}`);
  await until(
    async () => Bun.deepEquals(paths(await observer.discover(service)), expected),
    `${observer.name} to see ${expected.join(", ")}`,
  );
  expect(paths(await observer.json<Placed[]>(["discover", service, "--json"]))).toEqual(expected);
}

test("every node lists the same members, each marking itself", async () => {
  for (const node of cluster.nodes) {
    const { stdout } = await node.ok(["members"]);
    const [titles = "", ...rows] = stdout.trimEnd().split("\n").map((line) => line.trim().split(/ {2,}/));
    expect(titles).toEqual(["NAME", "ID", "STATE", "ADDRESS", "REGION", "VERSION", "INSTANCES", "SINCE"]);
    // Each node marks itself, and all of them the one that lets others in.
    const names = ["board", "pi +", "vps"].map((name) =>
      name.startsWith(node.name) ? name.replace(node.name, `${node.name} *`) : name
    );
    expect(rows.map(([name]) => name)).toEqual(names);
    expect(rows.map(([, , state]) => state)).toEqual(["alive", "alive", "alive"]);
    expect(rows.map(([, , , , place]) => place)).toEqual(["eu/cellar", "eu/attic", "us"]);
  }
});

test("a package that is built here runs there, is called from everywhere, and is looked after from here", async () => {
  const deployed = await pi.ok(["deploy", "hello.ts", "--on", "vps", "-i", "2"]);
  expect(deployed.stderr).toContain("hello is deployed on vps: release 1, 2 instances up");
  for (const node of cluster.nodes) {
    await untilDiscovered(node, "hello", ["vps/hello@1", "vps/hello@2"]);
    expect(await node.call<string>("hello", "greet", node.name)).toBe(`Hello, ${node.name}!`);
  }
  expect(await everywhere()).toEqual(["vps/hello@1", "vps/hello@2"]);
  expect((await pi.ok(["scale", "hello", "1", "--on", "vps"])).stderr).toEndWith("hello: 1 instance on vps\n");
  const logged = (await pi.ok(["logs", "vps/hello"])).stdout;
  for (const { name } of cluster.nodes) expect(logged).toContain(`greeting ${name}`);
  const last = JSON.parse((await pi.ok(["logs", "vps/hello", "-n", "1", "--json"])).stdout);
  expect(last).toMatchObject({ instance: expect.stringContaining("hello@"), stream: expect.any(String) });
  expect(await pi.json(["status", "--on", "vps", "--json"])).toMatchObject({
    node: "vps",
    services: [{ name: "hello" }],
  });
  expect((await pi.ok(["health", "--on", "vps"])).stdout).toBe("healthy\n");
});

test("a log of another node is followed while it is written, until somebody has seen enough", async () => {
  const following = board.start(["logs", "vps/hello", "-f", "-n", "0"]);
  await until(async () => {
    await board.call("hello", "greet", "followed");
    return following.stdout.includes("greeting followed");
  }, "the line of the other machine");
  following.signal("SIGINT");
  expect(await following.exited()).toBe(0);
  expect(following.stderr).toBe("");
});

test("names that run only on other nodes are described, checked, compared, measured and imported like those here", async () => {
  const described = await board.ok(["describe", "hello"]);
  expect(described.stdout).toContain("greet(name: string): Promise<string>");
  board.write("good.ts", 'import { greet } from "cell:hello";\nconsole.log(await greet("board"));\n');
  board.write("bad.ts", 'import { greet } from "cell:hello";\nconsole.log(await greet(7));\n');
  board.write("other.ts", HELLO.replace("name: string", "name: number"));
  expect((await board.ok(["check", "good.ts"])).stdout + (await board.cell(["check", "bad.ts"])).stderr).toContain(
    "bad.ts",
  );
  expect((await board.ok(["run", "good.ts"])).stdout).toBe("Hello, board!\n");
  const diff = await board.cell(["diff", "hello", "other.ts"]);
  expect(diff).toMatchObject({ exit: 1, stdout: expect.stringContaining("breaking") });
  const [measured] = await board.json<{ errors: number; transport: string }[]>(
    ["bench", "hello", "greet", "x", "-d", "100ms", "-c", "1", "--json"],
  );
  expect(measured).toMatchObject({ errors: 0, transport: expect.stringMatching(/^(quic|tls)$/) });
});

test("what is here only elsewhere is answered with where, and with what to write", async () => {
  for (const args of [["scale", "hello", "2"], ["stop", "hello"], ["restart", "hello"], ["rm", "hello"]]) {
    const refused = await board.cell(args);
    expect(refused, args.join(" ")).toMatchObject({
      exit: 3,
      stderr: expect.stringContaining("It runs on vps: add --on vps"),
    });
  }
  expect((await board.cell(["ps", "hello"])).stderr).toContain("It runs on vps: add --all");
  expect((await board.cell(["logs", "hello"])).stderr).toContain("cell logs vps/hello");
  expect((await board.cell(["call"])).stderr).toContain("On other nodes: hello.");
  expect(await board.cell(["call", "helo", "greet", "x"])).toMatchObject({
    exit: 3,
    stderr: expect.stringContaining("Did you mean hello?"),
  });
});

test("the agent of another node executes its binary anew, and everything goes on", async () => {
  const before = await vps.agentPid();
  const restarted = await pi.ok(["restart", "nucleus", "--on", "vps"]);
  expect(restarted.stderr).toContain(`nucleus: restarted, pid ${before}, `);
  expect(await vps.agentPid()).toBe(before);
  await cluster.untilAgreed();
  expect(await board.call<string>("hello", "greet", "again")).toBe("Hello, again!");
});

test("replicas are spread over regions, and forgotten where that is said", async () => {
  const spread = await pi.ok(["deploy", "hello.ts", "--spread", "region", "--replicas", "4", "--json"]);
  const { nodes } = JSON.parse(spread.stdout) as { nodes: { node: string; up: number; error: unknown }[] };
  expect(nodes.map(({ node, up, error }) => [node, up, error])).toEqual([
    ["board", 1, null],
    ["pi", 1, null],
    ["vps", 2, null],
  ]);
  expect((await everywhere()).map((path) => path.split("@")[0])).toEqual([
    "board/hello",
    "pi/hello",
    "vps/hello",
    "vps/hello",
  ]);
  const { stdout: tree } = await pi.ok(["topology"]);
  for (const name of ["eu", "us", "attic", "cellar", "pi \\*", "board", "vps"]) {
    expect(tree).toMatch(new RegExp(`\\b${name}`));
  }
  for (const { name } of cluster.nodes) {
    expect((await pi.ok(["rm", "hello", "--on", name])).stderr).toEndWith(`hello: removed on ${name}\n`);
  }
  expect(await everywhere()).toEqual([]);
  expect(await pi.cell(["rm", "hello", "--on", "vps"])).toMatchObject({
    exit: 3,
    stderr: expect.stringMatching(/^error: node vps: .*hello is deployed here/),
  });
});

test("joining fails with what is wrong and what to do, and leaves the machine as it was", async () => {
  await using machine = new CommandMachine();
  machine.write(
    "home/node.toml",
    '[node]\nid = "late"\n[network]\nhost = "127.0.0.1"\naddresses = ["127.0.0.1"]\nport = 0\ngossip_port = 0\n' +
      'multicast = false\npreset = "local"\n',
  );
  await machine.bash('chmod 700 "$CELL_HOME"');
  const token = (await pi.ok(["token", "create"])).stdout.trim();
  const away = await machine.cell(["join", token, "127.0.0.1:1"]);
  expect(away).toMatchObject({ exit: 3, stdout: "" });
  expect(away.stderr).toContain("127.0.0.1:1");
  const { token: foreign } = JSON.parse((await machine.cell(["token", "create", "--json"])).stdout) as {
    token: string;
  };
  expect((await machine.cell(["leave"])).exit).toBe(0);
  await using other = await TestCluster.start(1);
  const { addresses } = await pi.json<{ addresses: string[] }>(["token", "create", "--json"]);
  const wrong = await other.nodes[0]!.cell(["join", foreign, addresses[0]!]);
  expect(wrong.exit).not.toBe(0);
  expect(wrong.stderr).toContain("the token is for another one than cluster");
  const member = await board.cell(["join", token]);
  expect(member).toMatchObject({ exit: 1, stderr: expect.stringContaining("is a member of it already") });

  expect(await machine.cell(["join", "-"], { stdin: token })).toMatchObject({ exit: 0 });
  expect((await machine.cell(["leave"])).exit).toBe(0);
  const used = await other.nodes[0]!.cell(["join", token]);
  expect(used.exit).not.toBe(0);
  expect(used.stderr).toContain("admitted as many machines as it was made for");
  const short = (await pi.ok(["token", "create", "--ttl", "1s"])).stdout.trim();
  await until(
    async () =>
      !(await pi.json<unknown[]>(["token", "ls", "--json"])).some((open) =>
        Date.parse((open as { expiresAt: string }).expiresAt) - Date.now() < 2000
      ),
    "the token to expire",
  );
  const expired = await other.nodes[0]!.cell(["join", short]);
  expect(expired.exit).not.toBe(0);
  expect(expired.stderr).toContain("expired");
  await cluster.untilSeen(pi, "late", "left");
});

test("a node that dies is missing from ps --all, then failed, and what is meant for it says so", async () => {
  await pi.ok(["deploy", "hello.ts", "--spread", "node", "--replicas", "3"]);
  await vps.kill();
  const listed = await pi.cell(["ps", "--all", "--json"]);
  expect(JSON.parse(listed.stdout).map(({ node }: Placed) => node).sort()).toEqual(["board", "pi"]);
  if (listed.exit !== 0) expect(listed.stderr).toContain("node vps does not answer: ");
  await cluster.untilSeen(pi, "vps", "failed");
  const after = await pi.cell(["ps", "--all"]);
  expect(after).toMatchObject({
    exit: 1,
    stderr: expect.stringContaining("failed, nobody knows what runs there: vps"),
  });
  const meant = await pi.cell(["scale", "hello", "2", "--on", "vps"]);
  expect(meant).toMatchObject({ exit: 3, stderr: expect.stringContaining("cell up there brings it back") });
  const { nodes } = await pi.json<{ nodes: Placed[] }>(
    ["deploy", "hello.ts", "--spread", "node", "--replicas", "2", "--json"],
  );
  expect(nodes.map(({ node }) => node)).toEqual(["board", "pi"]);
  expect((await pi.cell(["doctor"])).stdout).toMatch(
    /warn +cluster +1 of 3 other nodes alive, not vps|warn +cluster +1 of 2/,
  );
});

test("a node that left comes back without a token; one that was removed comes back with a new one, as another", async () => {
  await board.ok(["leave"]);
  await cluster.untilSeen(pi, "board", "left");
  expect(await board.cell(["leave"])).toMatchObject({ exit: 0, stderr: expect.stringContaining("its network is off") });
  expect((await board.ok(["join"])).stderr).toContain("is a member of cluster");
  await cluster.untilAgreed([pi, board]);
  expect((await board.cell(["members", "remove", "pi"])).exit).toBe(1);
  const { nodeId } = await board.cluster();
  expect((await pi.ok(["members", "remove", "board"])).stderr).toContain(
    `node board (${nodeId.slice(0, 8)}) is removed`,
  );
  await cluster.untilSeen(pi, "board", "gone");
  const token = (await pi.ok(["token", "create"])).stdout.trim();
  // Whether it has heard of its removal or not.
  await board.ok(["leave"]);
  await board.ok(["join", token]);
  await cluster.untilSeen(pi, "board", "alive");
  expect((await board.cluster()).nodeId).not.toBe(nodeId);
  expect((await pi.json<Member[]>(["members", "--json"])).filter(({ name }) => name === "board")).toHaveLength(1);
});
