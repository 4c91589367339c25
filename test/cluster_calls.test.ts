import { expect, setDefaultTimeout, test } from "bun:test";
import { type ClusterNode, TestCluster, until } from "./harness/mod.ts";

/** Agents, workers and commands of several nodes, on a machine that may be busy. */
setDefaultTimeout(120_000);

const HELLO = `
import { context } from "cell";
export interface Answer { from: string; caller: string }
/** Says where it runs, and who called. */
export function greet(name: string): Answer {
  const { service, node } = context().caller;
  return { from: process.env["NODE_NAME"] ?? "?", caller: \`\${name} as \${service ?? "a command"} of \${node === undefined ? "here" : "another node"}\` };
}
export async function* count(to: number): AsyncGenerator<number> {
  for (let n = 1; n <= to; n++) yield n;
}
`;

/** A service that does nothing but call. */
const CALLER = `
import { greet } from "cell:hello";
export async function ask(name: string): Promise<string> {
  const { from, caller } = await greet(name);
  return \`\${from}: \${caller}\`;
}
`;

function named(node: ClusterNode): string[] {
  return ["--env", `NODE_NAME=${node.name}`];
}

test("a service of another node is called by its name, checked, described, imported and streamed from", async () => {
  await using cluster = await TestCluster.start(2);
  const [one, two] = cluster.nodes as [ClusterNode, ClusterNode];
  await one.deploy("hello", HELLO, named(one));
  expect(await two.call<unknown>("hello", "greet", "Ada")).toEqual({
    from: "node-1",
    caller: "Ada as a command of another node",
  });
  expect((await two.ok(["call", "hello", "count", "3"])).stdout).toBe("1\n2\n3\n");
  expect((await two.ok(["describe", "hello"])).stdout).toContain("Says where it runs");
  const script = two.write(
    "script.ts",
    `import { greet } from "cell:hello";\nconsole.log((await greet("Bob")).from);\n`,
  );
  expect((await two.ok(["run", script])).stdout).toBe("node-1\n");
  // Its types, and a service that was compiled against them.
  const caller = two.write("caller.ts", CALLER);
  await two.ok(["check", caller]);
  await two.ok(["deploy", caller]);
  expect(await two.call<unknown>("caller", "ask", "Cid")).toBe("node-1: Cid as caller of another node");
  const near = await two.cell(["call", "helo", "greet", "Ada"]);
  expect([near.exit, near.stderr]).toEqual([3, expect.stringContaining("Did you mean hello?")]);
  for (const transport of ["quic", "tls"]) {
    const env = { CELL_TRANSPORT: transport };
    expect((await one.ok(["call", "hello", "greet", "Ada"], { env })).stdout).toContain("as a command of another node");
  }
  const local = await two.cell(["call", "hello", "greet", "Ada"], { env: { CELL_TRANSPORT: "shm" } });
  expect(local).toEqual({
    exit: 1,
    stdout: "",
    stderr:
      "error: FAILED_PRECONDITION: connecting to hello: the transport shm reaches this machine only, and hello runs on " +
      "node-1. Use the transport auto, quic or tls.\n",
  });
});

test("a command ends when its call is answered, whatever it went over", async () => {
  await using cluster = await TestCluster.start(2);
  const [one, two] = cluster.nodes as [ClusterNode, ClusterNode];
  await one.deploy("hello", HELLO, named(one));
  for (const transport of ["quic", "tls", "auto"]) {
    const source = `
import { connect } from "cell";
const hello = await connect("hello", { transport: "${transport}" });
await hello.call("greet", ["Ada"]);
console.log(hello.transport);
`;
    // It does not close its client.
    const ran = await two.ok(["run", two.write("script.ts", source)]);
    expect(["quic", "tls"], ran.stdout).toContain(ran.stdout.trim());
  }
});

test("who may call is decided by the certificate on another node, and by the process on the same one", async () => {
  await using cluster = await TestCluster.start(2);
  const [one, two] = cluster.nodes as [ClusterNode, ClusterNode];
  one.write("hello/cell.toml", '[cell.access]\nallow = ["call*"]\n');
  const hello = one.write("hello/hello.ts", HELLO);
  await one.ok(["deploy", hello, ...named(one)]);
  for (const node of [one, two]) {
    await node.ok(["deploy", node.write("caller.ts", CALLER)]);
    await node.ok(["deploy", node.write("stranger.ts", CALLER)]);
    const refused = await node.cell(["call", "hello", "greet", "Ada"]);
    expect(refused.exit).not.toBe(0);
    expect(refused.stderr).toContain("PERMISSION_DENIED: calling hello: commands at a shell and scripts (cell)");
    expect(refused.stderr).toContain('add "cell" to [cell.access] allow in the cell.toml of hello');
    const stranger = await node.cell(["call", "stranger", "ask", "Ada"]);
    expect(stranger.stderr).toContain("PERMISSION_DENIED: calling hello: stranger (");
  }
  expect(await one.call<unknown>("caller", "ask", "Cid")).toBe("node-1: Cid as caller of here");
  expect(await two.call<unknown>("caller", "ask", "Cid")).toBe("node-1: Cid as caller of another node");
  // Whoever operates the machine sees the service.
  expect((await one.ok(["ps"])).stdout).toContain("hello@1");
  expect((await one.ok(["describe", "hello"])).stdout).toContain("greet");
});

test("cell run heeds the list of the folder, and refuses one that is none", async () => {
  await using cluster = TestCluster.ofHomes(1);
  const [node] = cluster.nodes as [ClusterNode];
  node.write("hello/cell.toml", '[cell.access]\nallow = ["trader"]\n');
  const serving = node.start(["run", node.write("hello/hello.ts", HELLO)]);
  await serving.serving();
  expect((await node.cell(["call", "hello", "greet", "Ada"])).stderr).toContain("PERMISSION_DENIED");
  node.write("other/cell.toml", '[cell.access]\nalow = ["trader"]\n');
  const refused = await node.cell(["run", node.write("other/other.ts", HELLO)]);
  expect(refused.exit).not.toBe(0);
  expect(refused.stderr).toContain("cell.toml:2: [cell.access] alow: there is no such key. Did you mean allow?");
});

/** What one caller on `node` is answered from, while it calls without a pause until it is told to stop. */
async function callingFrom(node: ClusterNode) {
  const source = `
import { connect } from "cell";
const hello = await connect("hello", { timeoutMs: 30_000 });
let last = "";
for (;;) {
  const answer = await hello.call("greet", ["x"]).then(({ from }) => from, (error) => \`\${error.code}: \${error.message}\`);
  if (answer !== last) console.log(answer);
  last = answer;
  await Bun.sleep(5);
}
`;
  const running = node.start(["run", node.write("calling.ts", source)]);
  const lines = () => running.stdout.split("\n").filter((line) => line !== "");
  await until(() => lines().length > 0, "the first answer", 60_000);
  return { running, lines };
}

test("what only a node has that does not answer is not said to be nowhere, and is told at once", async () => {
  await using cluster = await TestCluster.start(2);
  const [one, two] = cluster.nodes as [ClusterNode, ClusterNode];
  await one.deploy("hello", HELLO, named(one));
  await one.kill();
  await cluster.untilSeen(two, "node-1", "failed");
  // A call that waited for the node would end at its deadline, with another error.
  expect(await two.cell(["call", "hello", "greet", "Ada", "--timeout", "15s"])).toEqual({
    exit: 3,
    stdout: "",
    stderr:
      "error: UNAVAILABLE: no service named hello is deployed here. Node node-1 does not answer and may have it.\n",
  });
});

// From here on tests wait longer than they work.
test.concurrent("calls between nodes go on while their agents are dead, and are found again when they are back", async () => {
  await using cluster = await TestCluster.start(2);
  const [one, two] = cluster.nodes as [ClusterNode, ClusterNode];
  await one.deploy("hello", HELLO, named(one));
  const { running, lines } = await callingFrom(two);
  await until(() => lines().at(-1) === "node-1", "an answer");
  await one.killAgent();
  await two.killAgent();
  const before = running.stdout.length;
  for (let n = 0; n < 20; n++) await Bun.sleep(50);
  expect(running.stdout.length).toBe(before);
  await one.up();
  await two.up();
  await until(
    async () => (await two.cell(["call", "hello", "greet", "Ada"])).stdout.includes("node-1"),
    "a new caller to find it",
  );
  await running.kill();
  expect(lines()).toEqual(["node-1"]);
});

test.concurrent("a new release on another node costs its callers no call", async () => {
  await using cluster = await TestCluster.start(2);
  const [one, two] = cluster.nodes as [ClusterNode, ClusterNode];
  await one.deploy("hello", HELLO, ["--env", "NODE_NAME=first"]);
  const { running, lines } = await callingFrom(two);
  await one.deploy("hello", `${HELLO}\nexport const added = () => 1;\n`, ["--env", "NODE_NAME=second"]);
  await until(() => lines().at(-1) === "second", "the new release to answer");
  await running.kill();
  expect(lines()).toEqual(["first", "second"]);
});

const HOLDING = `
import { method } from "cell";
/** Answers at once, except on one node, where it holds its callers. */
export async function takeOnce(): Promise<string> {
  const node = process.env["NODE_NAME"] ?? "?";
  if (node === "node-2") await new Promise((resolve) => setTimeout(resolve, 300_000));
  return node;
}
export const take = method({ idempotent: true }, async function take(): Promise<string> {
  return await takeOnce();
});
export function where(): string {
  return process.env["NODE_NAME"] ?? "?";
}
`;

/**
 * A client that goes on calling, so that it hears what changes, and then waits for two answers, one of a call that may be
 * made again; prints what became of them.
 */
const WAITING = `
import { connect } from "cell";
const holding = await connect("holding", { transport: "quic" });
for (const begun = performance.now(); performance.now() < begun + 2000;) await holding.call("where", []);
const options = { timeoutMs: 100_000 };
const once = holding.call("takeOnce", [], options).catch((error) => error.message);
const again = holding.call("take", [], options);
console.log("waiting");
console.log("once:", await once);
console.log("again:", await again);
`;

test.concurrent("the nearest node answers; when it loses its power the next one does, and the nearest again when it is back", async () => {
  await using cluster = await TestCluster.start({
    caller: { region: "home" },
    near: { region: "home" },
    far: { region: "moon" },
  });
  const [caller, near, far] = ["caller", "near", "far"].map((name) => cluster.node(name)) as [
    ClusterNode,
    ClusterNode,
    ClusterNode,
  ];
  for (const node of [near, far]) await node.deploy("hello", HELLO, named(node));
  await until(
    async () => (await caller.discover("hello")).length === 2,
    "both to be known",
  );
  const { running, lines } = await callingFrom(caller);
  await until(() => lines().at(-1) === "near", "the nearest to answer");
  await near.kill();
  await until(() => lines().at(-1) === "far", "the next one to answer", 60_000);
  await near.up();
  await until(() => lines().at(-1) === "near", "the nearest to answer again", 60_000);
  await running.kill();
  // A call that was under way when the power went may have run: it is not made again, and its caller is told.
  const failed = lines().filter((line) => !/^(near|far)$/.test(line));
  expect(failed.length, failed.join("\n")).toBeLessThanOrEqual(1);
  for (const line of failed) expect(line).toStartWith("UNAVAILABLE");
});

test.concurrent.each(["its process", "its node"])(
  "a call that waits for an instance is made again elsewhere when %s is killed, if it may be",
  async (what) => {
    await using cluster = await TestCluster.start({ "node-1": {}, "node-2": {}, "node-3": { region: "far" } });
    const [one, two, three] = cluster.nodes as [ClusterNode, ClusterNode, ClusterNode];
    for (const node of [two, three]) await node.deploy("holding", HOLDING, named(node));
    await until(
      async () => (await one.discover("holding")).length === 2,
      "both to be known",
    );
    const caller = one.start(["run", one.write("caller.ts", WAITING)]);
    await caller.until(() => caller.stdout.includes("waiting"), "the caller to wait");
    if (what === "its node") await two.kill();
    else process.kill((await two.json<{ pid: number }[]>(["ps", "--json"]))[0]!.pid, "SIGKILL");
    await caller.until(() => caller.stdout.includes("again: node-3"), "the call to be answered elsewhere", 90_000);
    expect(caller.stdout).toContain("once: the connection to holding was lost: no sign of life from holding for ");
    // The agent lives and says that the instance is gone: nobody waits until the connection alone would tell.
    if (what === "its process") expect(caller.stdout).toContain("for 3000 ms\n");
    expect(await caller.exited()).toBe(0);
  },
);
