import { afterAll, beforeAll, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { CellError } from "../lib/base/mod.ts";
import type { CatalogInstance } from "../lib/nucleus/client/mod.ts";
import { formatToken } from "../lib/net/identity/mod.ts";
import { CommandMachine, until } from "../test/harness/mod.ts";
import { SPECIES } from "./testing/fake_agent.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";
import { OnTerminal } from "./testing/on_terminal.ts";

// Without a binary every command is compiled when it is started.
setDefaultTimeout(120_000);

const HELLO = "export function greet(name: string): string { return name; }\n";
const TOKEN = formatToken({
  fingerprint: new Uint8Array(32),
  secret: new Uint8Array(16),
  addresses: ["192.0.2.1:9043"],
});

let cluster: FakeCluster;
beforeAll(async () => {
  cluster = await FakeCluster.start({
    pi: { region: "eu", zone: "attic" },
    board: { region: "eu", zone: "cellar" },
    vps: { region: "us" },
    mute: { region: "us", state: "suspect" },
    dead: { region: "eu", zone: "attic", state: "failed" },
  });
  cluster.write("hello.ts", HELLO);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});
beforeEach(() => {
  cluster.asked.length = 0;
  cluster.catalog = [];
  for (const name of ["pi", "board", "vps", "mute", "dead"]) {
    const agent = cluster.agent(name);
    agent.services.clear();
    agent.network = { state: "on", problem: null, warning: null };
    const { tunnel } = agent.answers;
    agent.answers = tunnel === undefined ? {} : { tunnel };
  }
});

test("members are a table in which this node is marked; programs get all of it", async () => {
  const { exit, stdout, stderr } = await cluster.cell(["members"]);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  expect(stdout.split("\n").map((line) => line.trim().split(/ {2,}/))).toEqual([
    ["NAME", "ID", "STATE", "ADDRESS", "REGION", "VERSION", "INSTANCES", "SINCE"],
    ["pi * +", "11111111", "alive", "192.0.2.1:9043", "eu/attic", "0.5.0", "0", "2 m 5 s"],
    ["board", "22222222", "alive", "192.0.2.2:9043", "eu/cellar", "0.5.0", "0", "2 m 5 s"],
    ["vps", "33333333", "alive", "192.0.2.3:9043", "us", "0.5.0", "0", "2 m 5 s"],
    ["mute", "44444444", "suspect", "192.0.2.4:9043", "us", "0.5.0", "0", "2 m 5 s"],
    ["dead", "55555555", "failed", "192.0.2.5:9043", "eu/attic", "0.5.0", "0", "2 m 5 s"],
    [""],
  ]);
  const json = JSON.parse((await cluster.cell(["members", "--json"])).stdout);
  expect(json[0]).toEqual({ ...cluster.agent("pi").member, isSelf: true });
  expect(json).toHaveLength(5);
});

test("a node that sees no other is told what lets one join, or brings itself back", async () => {
  const own = cluster.agent("pi");
  for (const [isAuthority, advice] of [[true, "cell token create"], [false, "cell join"]] as const) {
    own.answers.members = () => [{ ...own.member, isAuthority, isSelf: true }];
    expect((await cluster.cell(["members"])).stderr).toContain(advice);
  }
});

test("a node that is in no cluster any more says why: in its status, to members, and to leave", async () => {
  const own = cluster.agent("pi");
  const problem = "this node was removed from its cluster. To join again: cell join TOKEN";
  own.network = { state: "removed", problem, warning: null };
  own.answers.members = () => [{ ...own.member, isSelf: true }];
  const members = await cluster.cell(["members"]);
  expect([members.exit, members.stderr]).toEqual([0, `${problem}\n`]);
  expect((await cluster.cell(["status"])).stdout).toContain(`network: ${problem}`);
  expect((await cluster.cell(["up"])).stderr).toContain(`warn: ${problem}`);
  expect((await cluster.cell(["leave"])).stderr).toContain(problem);
  expect(cluster.askedOf("leave")).toEqual([]);
  const doctor = JSON.parse((await cluster.cell(["doctor", "--json"])).stdout) as { name: string; status: string }[];
  expect(doctor.find(({ name }) => name === "network")).toMatchObject({
    status: "fail",
    found: "this node was removed from its cluster",
    advice: "To join again: cell join TOKEN",
  });
});

test("a node whose clock is not that of the others says so wherever one looks, and is healthy", async () => {
  const own = cluster.agent("pi");
  const warning = "the clock of this node is about 40 min ahead of that of node one. Compare date -u on both";
  own.network = { state: "on", problem: null, warning };
  expect(await cluster.cell(["members"])).toMatchObject({ exit: 0, stderr: `${warning}\n` });
  own.answers.members = () => [{ ...own.member, isSelf: true }];
  expect(await cluster.cell(["members"])).toMatchObject({ exit: 0, stderr: `${warning}\n` });
  expect(await cluster.cell(["health"])).toMatchObject({ exit: 0, stdout: "healthy\n", stderr: `warn: ${warning}\n` });
  expect((await cluster.cell(["status"])).stdout).toContain(`network: ${warning}`);
  const doctor = JSON.parse((await cluster.cell(["doctor", "--json"])).stdout) as { name: string; status: string }[];
  expect(doctor.find(({ name }) => name === "network")).toMatchObject({
    status: "warn",
    advice: "Compare date -u on both",
  });
});

test("up says what keeps the network off as soon as that is known, and a leave is tried then", async () => {
  const own = cluster.agent("pi");
  const failed = { state: "failed", problem: "the port is taken. Free it", warning: null } as const;
  own.network = { state: "starting", problem: null, warning: null };
  own.answers.status = () => {
    const status = own.status();
    if (cluster.askedOf("status").length >= 3) own.network = failed;
    return status;
  };
  expect((await cluster.cell(["up"])).stderr).toContain("warn: the port is taken. Free it");
  await cluster.cell(["leave"]);
  expect(cluster.askedOf("leave")).toHaveLength(1);
});

test("members --watch prints a line of JSON for each change, and nothing while only time passes", async () => {
  const { member } = cluster.agent("vps");
  const watching = cluster.start(["members", "--watch", "--json"]);
  const lines = () => watching.stdout.split("\n").filter((line) => line !== "");
  await watching.until(() => lines().length === 1, "the first");
  member.sinceMs += 5000;
  const asked = cluster.askedOf("members").length;
  await until(() => cluster.askedOf("members").length >= asked + 2, "it to look again");
  expect(lines()).toHaveLength(1);
  member.state = "suspect";
  await watching.until(() => lines().length === 2, "the change");
  member.state = "alive";
  expect(JSON.parse(lines()[1]!)[2]).toMatchObject({ name: "vps", state: "suspect" });
  watching.signal("SIGINT");
  expect(await watching.exited()).toBe(0);
});

test("members --watch on a terminal fits it, shows what changes in its place, and ends with q", async () => {
  const { member } = cluster.agent("vps");
  await using watching = new OnTerminal(cluster, ["members", "--watch"], { columns: 60, rows: 5 });
  await watching.shows("q quit");
  expect(watching.sent).toContain("... 3 more lines");
  member.state = "left";
  cluster.agent("board").member.state = "left";
  await watching.shows("left");
  member.state = "alive";
  cluster.agent("board").member.state = "alive";
  watching.press("q");
  expect(await watching.exited()).toBe(0);
  await watching.shows("\x1b[?25h\x1b[?1049l");
});

test("members remove asks for a node and says what that means; it prints nothing for programs", async () => {
  cluster.agent("pi").answers.removeMember = () => cluster.agent("vps").member;
  const removed = await cluster.cell(["members", "remove", "vps"]);
  expect(removed).toMatchObject({ exit: 0, stdout: "" });
  expect(removed.stderr).toContain("node vps (33333333) is removed");
  expect(cluster.askedOf("removeMember")).toMatchObject([{ args: ["vps"] }]);
  expect(await cluster.cell(["members", "remove"])).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining("which node? `cell members` lists them"),
  });
  expect((await cluster.cell(["members", "remove", "vps", "--json"])).exit).toBe(2);
  expect((await cluster.cell(["members", "delete", "vps"])).exit).toBe(2);
});

test("token create prints the token alone, and on stderr what to do with it, without the secret", async () => {
  const { exit, stdout, stderr } = await cluster.cell(["token", "create", "--uses", "3", "--ttl", "10m"]);
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: "cell-TOKEN\n" });
  expect(stderr).toMatch(/^run on up to 3 other machines within (59 m|1 h).*: cell join TOKEN\n/);
  expect(stderr).toContain("192.0.2.1:9043");
  expect(stderr).not.toContain("cell-TOKEN");
  expect(cluster.askedOf("createToken")).toMatchObject([{ args: [{ uses: 3, ttlMs: 600_000 }] }]);
  expect(JSON.parse((await cluster.cell(["token", "create", "--json"])).stdout)).toMatchObject({ token: "cell-TOKEN" });
  await using shown = new OnTerminal(cluster, ["token", "create"]);
  await shown.shows("cell join cell-TOKEN");
});

test("token ls and revoke know tokens by their ids, and options that do not belong there are wrong usage", async () => {
  const listed = await cluster.cell(["token", "ls"]);
  expect(listed.stdout).toMatch(/^ID +USES LEFT +EXPIRES IN\n0123456789ab +2 +(59 m \d+ s|1 h)\n$/);
  expect(JSON.parse((await cluster.cell(["token", "ls", "--json"])).stdout)).toMatchObject([{ id: "0123456789ab" }]);
  const revoked = await cluster.cell(["token", "revoke", "0123456789ab"]);
  expect(revoked).toMatchObject({ exit: 0, stdout: "" });
  expect(cluster.askedOf("revokeToken")).toMatchObject([{ args: ["0123456789ab"] }]);
  cluster.agent("pi").answers.tokens = () => [];
  const none = await cluster.cell(["token", "ls"]);
  expect(none).toMatchObject({ exit: 0, stdout: "", stderr: expect.stringContaining("cell token create") });
  cluster.agent("pi").answers.cluster = () => ({ ...cluster.agent("pi").cluster(), authority: false });
  const joined = await cluster.cell(["token", "ls"]);
  expect({ ...joined, stderr: joined.stderr.trim() }).toMatchObject({
    exit: 0,
    stdout: "",
    stderr:
      "tokens are made, listed and revoked on the node where the cluster was made: `cell members` shows it with a +",
  });
  for (
    const [args, message] of [
      [["token"], "missing required argument"],
      [["token", "make"], "Allowed choices are create, ls, revoke"],
      [["token", "revoke"], "which token?"],
      [["token", "create", "x"], 'cell token create takes no id, found "x"'],
      [["token", "ls", "--uses", "3"], "--ttl and --uses belong to cell token create"],
      [["token", "create", "--uses", "0"], "--uses: expected a whole number from 1 to 10,000"],
      [["token", "create", "--ttl", "soon"], "expected a duration"],
      [["token", "revoke", "x", "--json"], "it has no --json"],
    ] as const
  ) {
    const refused = await cluster.cell([...args]);
    expect(refused, args.join(" ")).toMatchObject({ exit: 2, stdout: "", stderr: expect.stringContaining(message) });
  }
});

test("join says who this node has become, with a token as a word, from stdin, or without one", async () => {
  cluster.agent("pi").answers.join = () => cluster.agent("pi").cluster();
  const joined = await cluster.cell(["join", TOKEN, "192.0.2.9:9043"]);
  expect(joined).toMatchObject({ exit: 0, stdout: "" });
  expect(joined.stderr).toContain("asking 192.0.2.9:9043 to be let in\n");
  expect(joined.stderr).toContain("node pi (11111111) is a member of cluster c0ffee00, with board, vps, mute, dead\n");
  const fromStdin = await cluster.cell(["join", "-", "--json"], { stdin: `${TOKEN}\n` });
  expect(JSON.parse(fromStdin.stdout)).toMatchObject({ node: "pi", network: true });
  const back = await cluster.cell(["join"]);
  expect(back.stderr).toContain("coming back to the cluster\n");
  expect(cluster.askedOf("join").map(({ args: [token, address] }) => [token, address])).toEqual([
    [TOKEN, "192.0.2.9:9043"],
    [TOKEN, undefined],
    [undefined, undefined],
  ]);
});

test("join refuses what cannot be a token or an address before anybody is asked, also without an agent", async () => {
  await using alone = new CommandMachine();
  for (
    const [args, stdin, message] of [
      [["join", "hello"], "", 'a token begins with "cell-"'],
      [["join", TOKEN.slice(0, -10)], "", "characters are missing at its end"],
      [["join", TOKEN.replace(/A/, "B")], "", "typing error"],
      [["join", TOKEN, "192.0.2.9"], "", 'expected an address HOST:PORT, such as 203.0.113.7:9043, found "192.0.2.9"'],
      [["join", "-"], "", "stdin: expected a token, found nothing"],
      [["join", "-"], "x y", 'a token begins with "cell-"'],
      [["join", "-"], "x".repeat(100_000), "stdin: expected a token, found more than 16384 bytes"],
    ] as const
  ) {
    const refused = await alone.cell([...args], { stdin });
    expect(refused, args.join(" ")).toMatchObject({ exit: 2, stdout: "", stderr: expect.stringContaining(message) });
  }
  expect(existsSync(alone.home)).toBe(false);
});

test("what keeps a node from joining is said as the agent says it, with an exit code for its kind", async () => {
  const { answers } = cluster.agent("pi");
  const refuse = (code: "FAILED_PRECONDITION" | "UNAVAILABLE" | "UNAUTHENTICATED") => {
    answers.join = () => {
      throw new CellError(code, "joining: what is wrong, and what to do", { data: { started: false } });
    };
  };
  for (const [code, exit] of [["FAILED_PRECONDITION", 1], ["UNAVAILABLE", 3], ["UNAUTHENTICATED", 5]] as const) {
    refuse(code);
    const refused = await cluster.cell(["join", TOKEN]);
    expect(refused, code).toMatchObject({ exit, stdout: "" });
    expect(refused.stderr).toContain(`${code}: joining: what is wrong, and what to do\n`);
  }
});

test("leave says what was left and how to come back; a node without a network has nothing to leave", async () => {
  const left = await cluster.cell(["leave"]);
  expect(left).toMatchObject({ exit: 0, stdout: "" });
  expect(left.stderr).toBe("node pi has left cluster c0ffee00; `cell join` brings it back\n");
  const own = cluster.agent("pi");
  own.answers.cluster = () => ({ ...own.cluster(), network: false });
  const alone = await cluster.cell(["leave"]);
  expect(alone).toMatchObject({ exit: 0, stderr: expect.stringContaining("its network is off") });
  expect(cluster.askedOf("leave")).toHaveLength(1);
});

test("topology is a tree of regions, zones where they have names, nodes and instances", async () => {
  cluster.agent("board").services.set("hello", 2);
  cluster.agent("vps").services.set("shop", 1);
  const { stdout } = await cluster.cell(["topology"]);
  expect(stdout).toBe(`cluster c0ffee00  5 nodes, 3 instances
eu
├─ attic
│  ├─ pi *  alive  192.0.2.1:9043
│  └─ dead  failed  192.0.2.5:9043
└─ cellar
   └─ board  alive  192.0.2.2:9043
      ├─ hello@1  up  25%
      └─ hello@2  up  25%
us
├─ vps  alive  192.0.2.3:9043
│  └─ shop@1  up  25%
└─ mute  suspect  192.0.2.4:9043
`);
  const { cluster: id, regions } = JSON.parse((await cluster.cell(["topology", "--json"])).stdout);
  expect(id).toStartWith("c0ffee00");
  expect(regions.map(({ region }: { region: string }) => region)).toEqual(["eu", "us"]);
  expect(regions[0].zones[1].nodes[0]).toMatchObject({
    name: "board",
    instances: [{ instance: "hello@1", species: SPECIES, health: "up", load: 0.25 }, { instance: "hello@2" }],
  });
});

test("discover lists the instances of every node, of one service, wide, and for programs", async () => {
  cluster.agent("board").services.set("hello", 1);
  cluster.agent("vps").services.set("shop", 1);
  const { stdout } = await cluster.cell(["discover"]);
  expect(stdout.split("\n").map((line) => line.trim().split(/ {2,}/))).toEqual([
    ["SERVICE", "INSTANCE", "NODE", "REGION", "SPECIES", "HEALTH", "LOAD"],
    ["hello", "hello@1", "board", "eu/cellar", SPECIES, "up", "25%"],
    ["shop", "shop@1", "vps", "us", SPECIES, "up", "25%"],
    [""],
  ]);
  expect((await cluster.cell(["discover", "shop"])).stdout).not.toContain("hello");
  expect((await cluster.cell(["discover", "shop", "--wide"])).stdout).toContain(
    "quic:192.0.2.3:9043 tls:192.0.2.3:9043",
  );
  expect(JSON.parse((await cluster.cell(["discover", "hello", "--json"])).stdout)).toMatchObject([
    { service: "hello", node: "board", endpoints: ["quic:192.0.2.2:9043", "tls:192.0.2.2:9043"] },
  ]);
  const missing = await cluster.cell(["discover", "helo"]);
  expect(missing).toMatchObject({ exit: 3, stdout: "" });
  expect(missing.stderr).toContain("no instance of a service named helo is known in the cluster. Did you mean hello?");
  cluster.agent("pi").services.set("asleep", 0);
  expect(await cluster.cell(["discover", "asleep", "--json"])).toMatchObject({ exit: 0, stdout: "[]\n" });
});

test("discover lists an instance that comes between its two questions, instead of offering its own name", async () => {
  const own = cluster.agent("pi");
  own.services.set("hello", 1);
  const [hello] = own.discover("hello");
  own.services.clear();
  own.answers.discover = (service?: string) => (service === undefined ? [hello] : []);
  const { exit, stdout, stderr } = await cluster.cell(["discover", "hello"]);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  expect(stdout).toContain("hello@1");
});

test("discover --watch goes on with every change, also after the stream broke", async () => {
  const instance = (number: number): CatalogInstance => ({
    service: "hello",
    instance: `hello@${number}`,
    species: SPECIES,
    release: 1,
    node: "vps",
    nodeId: "33333333".padEnd(32, "0"),
    region: "us",
    zone: "default",
    health: "up",
    load: 0,
    endpoints: [],
  });
  let opened = 0;
  cluster.agent("pi").answers.watch = async function* () {
    opened++;
    yield [instance(opened)];
    if (opened === 1) throw new CellError("UNAVAILABLE", "the agent is executed anew");
    await new Promise<never>(() => {});
  };
  const watching = cluster.start(["discover", "--watch", "--json"]);
  await watching.until(() => watching.stdout.includes("hello@2"), "what the second stream says");
  expect(watching.stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line)[0].instance)).toEqual(
    ["hello@1", "hello@2"],
  );
  watching.signal("SIGINT");
  expect(await watching.exited()).toBe(0);
});

test("ps --all asks every node that is there, and says by its exit code that one does not answer", async () => {
  cluster.agent("board").services.set("hello", 2);
  cluster.agent("vps").services.set("idle", 0);
  const clock: CatalogInstance = {
    service: "clock",
    instance: "clock",
    species: SPECIES,
    release: null,
    node: "vps",
    nodeId: cluster.agent("vps").member.id,
    region: "us",
    zone: "default",
    health: "degraded",
    load: 0,
    endpoints: [],
  };
  // Its own agent has removed the last one already; the news have not come here.
  cluster.catalog = [
    clock,
    { ...clock, service: "mute", instance: "mute", isSilent: true },
    { ...clock, service: "removed", instance: "removed@1", release: 1, health: "up" },
  ];
  const listed = await cluster.cell(["ps", "--all"]);
  expect(listed.exit).toBe(1);
  expect(listed.stdout).not.toContain("removed");
  expect(listed.stdout).toMatch(/^NODE +SERVICE +INSTANCE +PID/);
  expect(listed.stdout).toMatch(/^board +hello +hello@2 +1 +up +a7474d0577529b8c +5 s +0 +0 +1\.0 +120 us/m);
  expect(listed.stdout).toMatch(/^vps +clock +clock +- +degraded/m);
  expect(listed.stdout).toMatch(/^vps +mute +mute +- +no answer/m);
  expect(listed.stderr).toContain("node mute does not answer: reaching the nucleus of node mute (192.0.2.4:9043): ");
  expect(listed.stderr).toContain("nobody answers there");
  expect(listed.stderr).toContain("failed, nobody knows what runs there: dead\n");
  expect(listed.stderr).toContain("without instances: vps/idle (idle, a call starts it)\n");
  cluster.agent("mute").member.state = "left";
  try {
    const json = await cluster.cell(["ps", "--all", "hello", "--json"]);
    expect(json.exit).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject([
      {
        node: "board",
        nodeId: cluster.agent("board").member.id,
        instance: "hello@1",
        state: "up",
        memoryBytes: 20_000_000,
      },
      { node: "board", instance: "hello@2" },
    ]);
    const missing = await cluster.cell(["ps", "--all", "helo"]);
    expect(missing).toMatchObject({ exit: 3, stderr: expect.stringContaining("Did you mean hello?") });
  } finally {
    cluster.agent("mute").member.state = "suspect";
  }
  expect((await cluster.cell(["ps", "--all", "--on", "vps"])).exit).toBe(2);
});

test("ps --all of a whole cluster exits with 0, and says of a node that refuses that it does", async () => {
  for (const name of ["mute", "dead"]) cluster.agent(name).member.state = "left";
  try {
    expect((await cluster.cell(["ps", "--all"])).exit).toBe(0);
    cluster.agent("vps").answers.status = () => {
      throw new CellError("PERMISSION_DENIED", "it is not among the managers");
    };
    const refused = await cluster.cell(["ps", "--all"]);
    expect(refused.exit).toBe(1);
    expect(refused.stderr).toContain("node vps refuses to be managed from here: it is not among the managers");
  } finally {
    cluster.agent("mute").member.state = "suspect";
    cluster.agent("dead").member.state = "failed";
  }
});

test("what is done --on a node is asked of its agent and of no other, and says so", async () => {
  const vps = cluster.agent("vps");
  vps.services.set("hello", 1);
  const scaled = await cluster.cell(["scale", "hello", "3", "--on", "vps"]);
  expect(scaled).toMatchObject({ exit: 0, stdout: "" });
  expect(scaled.stderr).toEndWith("hello: 3 instances on vps\n");
  expect(vps.services.get("hello")).toBe(3);
  expect((await cluster.cell(["restart", "hello", "--on", vps.member.id.slice(0, 8)])).stderr).toEndWith(
    "hello: restarted, 3 instances up on 33333333\n",
  );
  expect((await cluster.cell(["ps", "--on", "vps"])).stdout).toMatch(/^hello +hello@3/m);
  expect(JSON.parse((await cluster.cell(["status", "--on", "vps", "--json"])).stdout)).toMatchObject({ node: "vps" });
  expect(await cluster.cell(["health", "--on", "vps"])).toMatchObject({ exit: 0, stdout: "healthy\n" });
  expect((await cluster.cell(["stop", "hello", "--on", "vps"])).stderr).toEndWith("hello: stopped on vps\n");
  expect((await cluster.cell(["rm", "hello", "--on", "vps"])).stderr).toBe("hello: removed on vps\n");
  for (const method of ["scale", "restart", "stop", "remove", "health"]) {
    expect(cluster.askedOf(method).map(({ node }) => node), method).toEqual(["vps"]);
  }
  // This very node is reached without a detour.
  cluster.asked.length = 0;
  await cluster.cell(["status", "--on", "pi"]);
  expect(cluster.askedOf("tunnel")).toEqual([]);
  expect(cluster.askedOf("status", "pi")).toHaveLength(1);
});

test("a node that is none, has failed, or cannot be reached is an error that says so, within moments", async () => {
  const unknown = await cluster.cell(["status", "--on", "bord"]);
  expect(unknown).toMatchObject({ exit: 3, stdout: "" });
  expect(unknown.stderr).toContain('there is no node "bord" in the cluster. Did you mean board?');
  const failed = await cluster.cell(["scale", "hello", "1", "--on", "dead"]);
  expect(failed.exit).toBe(3);
  expect(failed.stderr).toContain("it has not answered the other nodes for 2 min");
  const unreachable = await cluster.cell(["stop", "hello", "--on", "mute"]);
  expect(unreachable.exit).toBe(3);
  expect(unreachable.stderr).toContain("reaching the nucleus of node mute (192.0.2.4:9043): ");
  expect(await cluster.cell(["health", "--on", "dead"])).toMatchObject({ exit: 1 });
});

test("logs of another node are its agent's; a name that runs only elsewhere is answered with where", async () => {
  const vps = cluster.agent("vps");
  vps.services.set("hello", 1);
  vps.answers.logs = async function* ({ follow }: { follow: boolean }) {
    yield { instance: "hello@1", time: new Date(0), stream: "stdout", text: "greeting" };
    if (follow) await new Promise<never>(() => {});
  };
  const shown = await cluster.cell(["logs", "vps/hello", "-n", "5", "--instance", "1", "--since", "1h"]);
  expect(shown).toEqual({ exit: 0, stdout: "1970-01-01T00:00:00.000Z hello@1 greeting\n", stderr: "" });
  expect(cluster.askedOf("logs", "vps")).toMatchObject([
    { args: [{ service: "hello", last: 5, instance: 1, since: expect.any(Date), follow: false }] },
  ]);
  const following = cluster.start(["logs", "vps/hello", "-f", "--json"]);
  await following.until(() => following.stdout.includes("greeting"), "the line");
  following.signal("SIGINT");
  expect(await following.exited()).toBe(0);
  const elsewhere = await cluster.cell(["logs", "hello"]);
  expect(elsewhere.exit).toBe(3);
  expect(elsewhere.stderr).toContain("hello runs on other nodes only, and logs there: cell logs vps/hello\n");
  expect(await cluster.cell(["logs", "/hello"])).toMatchObject({ exit: 2 });
  expect(await cluster.cell(["logs", "vps/Hello World"])).toMatchObject({ exit: 2 });
});

test("a connection that is lost while something is asked through it is an error that names the node", async () => {
  const vps = cluster.agent("vps");
  vps.services.set("hello", 1);
  vps.answers.scale = async () => {
    cluster.breakTunnels();
    await new Promise<never>(() => {});
  };
  const lost = await cluster.cell(["scale", "hello", "2", "--on", "vps"]);
  expect(lost.exit).toBe(3);
  expect(lost.stderr).toContain("the connection to the nucleus of node vps was lost: ");
  expect(lost.stderr).toContain("the cable was pulled");
  vps.answers.logs = async function* () {
    yield { instance: "hello@1", time: new Date(0), stream: "stdout", text: "greeting" };
    await new Promise<never>(() => {});
  };
  const following = cluster.start(["logs", "vps/hello", "-f"]);
  await following.until(() => following.stdout.includes("greeting"), "the line");
  cluster.breakTunnels();
  expect(await following.exited()).toBe(3);
  expect(following.stderr).toContain("the connection to the nucleus of node vps was lost: ");
  expect(following.stderr.split("was lost")).toHaveLength(2);
});

test("deploy --on sends the package there and follows it there", async () => {
  const deployed = await cluster.cell(["deploy", "hello.ts", "-i", "2", "--on", "vps"]);
  expect(deployed).toMatchObject({ exit: 0, stdout: "" });
  expect(deployed.stderr).toContain("sending hello to vps\n");
  expect(deployed.stderr).toContain("hello is deployed on vps: release 1, 2 instances up");
  const [{ args: [request] } = { args: [] }] = cluster.askedOf("deploy", "vps");
  const { package: sha256 } = request as { package: string };
  expect(cluster.agent("vps").packages.get(sha256)).toBeGreaterThan(100);
  expect(cluster.askedOf("deploy")).toHaveLength(1);
});

test("deploy --spread gives every node that is alive its share, and says what went where", async () => {
  cluster.agent("mute").services.set("hello", 1);
  const spread = await cluster.cell(["deploy", "hello.ts", "--spread", "region", "--replicas", "5", "--min", "3"]);
  expect(spread.exit).toBe(0);
  expect(spread.stdout.split("\n").map((line) => line.trim().split(/ {2,}/))).toEqual([
    ["NODE", "REGION", "INSTANCES", "RELEASE", "RESULT"],
    ["pi", "eu/attic", "2", "1", "2 instances up"],
    ["board", "eu/cellar", "1", "1", "1 instance up"],
    ["vps", "us", "2", "1", "2 instances up"],
    [""],
  ]);
  expect(cluster.askedOf("deploy").map(({ node, args: [request] }) => [node, request]).sort()).toMatchObject([
    ["board", { replicas: 1, minReplicas: 1 }],
    ["pi", { replicas: 2, minReplicas: 1 }],
    ["vps", { replicas: 2, minReplicas: 1 }],
  ]);
  expect(spread.stderr).toStartWith("without a share: mute (suspect), dead (failed)\n");
  expect(spread.stderr).toContain("hello also runs on mute, which has no share of this: cell rm hello --on NODE");
});

test("when a node fails, the error says which and why, and what was done on the others", async () => {
  cluster.agent("board").answers.deploy = () => {
    throw new CellError("RESOURCE_EXHAUSTED", "the disk is full");
  };
  const spread = await cluster.cell(["deploy", "hello.ts", "--spread", "node", "-i", "3", "--json"]);
  expect(spread.exit).toBe(1);
  expect(JSON.parse(spread.stdout)).toMatchObject({
    service: "hello",
    nodes: [
      { node: "pi", replicas: 1, up: 1, error: null },
      { node: "board", replicas: 1, up: null, error: { code: "RESOURCE_EXHAUSTED", message: "the disk is full" } },
      { node: "vps", replicas: 1, up: 1, error: null },
    ],
  });
  expect(spread.stderr).toContain(
    "deploying hello: 1 of 3 nodes failed (board). It is deployed on pi, vps. Deploy it again when that is mended: ",
  );
  expect(spread.stderr).toEndWith("\nboard: the disk is full\n");
  cluster.agent("board").answers = {
    follow: () => {
      throw new CellError("ABORTED", "hello@1 is crash-looping\nThe last lines of hello@1:\n  boom");
    },
  };
  const broken = await cluster.cell(["deploy", "hello.ts", "--spread", "node", "-i", "3"]);
  expect(broken.exit).toBe(1);
  expect(broken.stdout).toMatch(/^board +eu\/cellar +1 +1 +failed: hello@1 is crash-looping$/m);
  expect(broken.stderr).toContain("It stays deployed on board: `cell rm hello --on NODE` forgets it.");
});

test("what a new version breaks on every node is said once", async () => {
  for (const name of ["pi", "board", "vps"]) {
    cluster.agent(name).answers.deploy = () => {
      throw new CellError("FAILED_PRECONDITION", "breaking", {
        data: { changes: [{ compatible: false, path: "greet", message: "the method was removed" }] },
      });
    };
  }
  const refused = await cluster.cell(["deploy", "hello.ts", "--spread", "node", "-i", "3"]);
  expect(refused.exit).toBe(1);
  expect(refused.stderr.match(/the method was removed/g)).toHaveLength(1);
  expect(refused.stderr).toContain("deploying hello: 3 of 3 nodes failed");
  expect(refused.stderr).toContain("--parallel runs the new beside the old");
});

test("options of deploy that contradict each other are wrong usage", async () => {
  for (
    const [args, message] of [
      [["--spread", "moon", "--replicas", "2"], "Allowed choices are region, zone, node"],
      [["--spread", "node"], "how many? --replicas 6"],
      [["--spread", "node", "-i", "0"], "expected at least 1 replica"],
      [["--spread", "node", "-i", "2", "--replicas", "3"], "give one of them"],
      [["--spread", "node", "-i", "2", "--on", "vps"], "give one of them"],
      [["--spread", "node", "-i", "2", "--min", "3"], "--replicas 2 is less than the minimum, 3"],
      [["--replicas", "2"], "--replicas belongs to --spread"],
    ] as const
  ) {
    const refused = await cluster.cell(["deploy", "hello.ts", ...args]);
    expect(refused, args.join(" ")).toMatchObject({ exit: 2, stdout: "", stderr: expect.stringContaining(message) });
  }
  expect(cluster.askedOf("deploy")).toEqual([]);
});

test("completion offers nodes, tokens, and what runs on other nodes", async () => {
  cluster.agent("vps").services.set("hello", 2);
  const offered = async (...words: string[]) => (await cluster.cell(["__complete", "words", ...words])).stdout;
  expect(await offered("status", "--on", "")).toBe(
    "words\npi\tthis node\nboard\talive\nvps\talive\nmute\tsuspect\ndead\tfailed\n",
  );
  expect(await offered("members", "remove", "v")).toBe("words\nvps\talive\n");
  expect(await offered("token", "")).toBe("words\ncreate\nls\nrevoke\n");
  expect(await offered("token", "revoke", "")).toBe("words\n0123456789ab\t2 uses left\n");
  expect(await offered("discover", "")).toBe("words\nhello\t2 instances\n");
  expect(await offered("logs", "vps/")).toBe("words\nvps/hello\n");
  for (const command of ["call", "describe", "bench"]) {
    const first = command === "describe" ? "files" : "words";
    expect(await offered(command, "he"), command).toBe(`${first}\nhello\ton another node\n`);
  }
  expect(await offered("deploy", "hello.ts", "--spread", "z")).toBe("words\nzone\n");
});
