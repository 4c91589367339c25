import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../harness/mod.ts";
import { HAS_PROC, isAlive, NodeMachine, privateBytesOf } from "./harness/mod.ts";

setDefaultTimeout(120_000);

let machine: NodeMachine;

beforeAll(async () => {
  machine = await NodeMachine.up();
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

const packages = (): string[] => readdirSync(join(machine.home, "packages"));

/** Ends an instance's process and waits for the next one in its place. */
async function replaceFirst(service: string): Promise<void> {
  const before = (await machine.instances(service))[0]!;
  process.kill(before.pid!, "SIGKILL");
  await machine.untilInstances(
    service,
    "a new process in the place of the killed one",
    ([first]) => first?.state === "up" && first.pid !== before.pid,
  );
}

test("what runs is a copy: editing or losing the source changes nothing until it is deployed again", async () => {
  machine.write("words.ts", `export const WORD = "first";`);
  const source = `import { WORD } from "./words.ts";\nexport function word(): string { return WORD; }`;
  await machine.deploy("copy", source, ["--instances", "2"]);
  await machine.untilUp("copy", 2);
  for (const name of packages()) expect(name).toMatch(/^[0-9a-f]{64}$/);

  machine.write("words.ts", `export const WORD = "second";`);
  await replaceFirst("copy");
  expect(await machine.call<string>("copy", "word")).toBe("first");
  rmSync(join(machine.folder, "words.ts"));
  rmSync(join(machine.folder, "copy.ts"));
  await replaceFirst("copy");
  expect(await machine.call<string>("copy", "word")).toBe("first");
});

test("a package is named by its content, wherever the sources are", async () => {
  const source = `export function same(): string { return "content"; }`;
  await machine.deploy("content", source);
  const [before] = (await machine.status()).services.find(({ name }) => name === "content")!.releases;
  const known = packages().length;
  expect(packages()).toContain(before!.package);

  // The same again: no new release, the same process.
  const pids = await machine.pids("content");
  await machine.ok(["deploy", machine.write("elsewhere/content.ts", source)]);
  expect(packages().length).toBe(known);
  const service = (await machine.status()).services.find(({ name }) => name === "content");
  expect(service?.releases).toEqual([before!]);
  expect(await machine.pids("content")).toEqual(pids);
});

test("deploying a name that exists makes a new release of it, and says so", async () => {
  const first = await machine.deploy("again", `export function version(): string { return "one"; }`);
  expect(first.exit).toBe(0);
  const [old] = await machine.pids("again");
  const newer = `export function version(): string { return "two"; }`;
  const second = await machine.deploy("again", newer, ["--observe", "100ms"]);
  expect(second.stdout + second.stderr).toMatch(/release 2|new release|new version/);
  expect(await machine.call<string>("again", "version")).toBe("two");
  const [instance] = await machine.untilUp("again", 1);
  expect(instance).toMatchObject({ release: 2 });
  expect(isAlive(old!)).toBe(false);
});

test("cell.toml beside the file gives defaults, and options win over it", async () => {
  machine.write(
    "shop/cell.toml",
    `[cell]\nname = "store"\n\n[cell.biology]\nmin_replicas = 2\nmax_replicas = 6\ncpu_target = "60%"\n`,
  );
  machine.write("shop/main.ts", `export function stock(): number { return 7; }`);
  await machine.ok(["deploy", join(machine.folder, "shop")]);
  await machine.untilUp("store", 2);
  expect(await machine.call<number>("store", "stock")).toBe(7);
  const find = async () => (await machine.status()).services.find(({ name }) => name === "store");
  expect(await find()).toMatchObject({ replicas: 2, minReplicas: 2, maxReplicas: 6 });

  await machine.ok([
    "deploy",
    join(machine.folder, "shop/main.ts"),
    "--name",
    "stall",
    "--instances",
    "1",
    "--min",
    "0",
  ]);
  const stall = (await machine.status()).services.find(({ name }) => name === "stall");
  expect(stall).toMatchObject({ replicas: 1, minReplicas: 0 });
  await machine.ok(["rm", "stall"]);
  await machine.ok(["rm", "store"]);
});

test("--env and --env-file are the service's environment, newlines included, and --env wins", async () => {
  const file = machine.write("settings.env", `# comment\nCOLOR=red\nSIZE=large\nKEY="-----BEGIN\\nabc"\n`);
  await machine.deploy(
    "settings",
    `export function all(): Record<string, string> { return { ...process.env } as Record<string, string>; }`,
    [
      "--env-file",
      file,
      "--env",
      "COLOR=blue",
      "--env",
      "TEXT=one\ntwo\n\nfour = 4",
      "--env",
      "EMPTY=",
    ],
  );
  const seen = await machine.call<Record<string, string>>("settings", "all");
  expect(seen).toMatchObject({
    COLOR: "blue",
    SIZE: "large",
    KEY: "-----BEGIN\nabc",
    TEXT: "one\ntwo\n\nfour = 4",
    EMPTY: "",
    CELL_HOME: machine.home,
    CELL_INSTANCE: "settings@1",
  });
  // The same after a restart of the process: it is kept in the state.
  await replaceFirst("settings");
  expect(await machine.call<Record<string, string>>("settings", "all")).toMatchObject({ TEXT: "one\ntwo\n\nfour = 4" });
  await machine.ok(["rm", "settings"]);
});

test("an environment that the service cannot live with is rolled back, for what starts later, too", async () => {
  const source = `
    if (process.env["LEVEL"] === "wrong") throw new Error("no such level");
    export function level(): string { return process.env["LEVEL"] ?? "none"; }`;
  const path = machine.write("level.ts", source);
  await machine.ok(["deploy", path, "--env", "LEVEL=low", "--instances", "2"]);
  const before = await machine.pids("level");
  const refused = await machine.cell(["deploy", path, "--env", "LEVEL=wrong"]);
  expect(refused.exit).toBe(1);
  expect(refused.stderr).toContain("no such level");
  expect(await machine.pids("level")).toEqual(before);
  await replaceFirst("level");
  expect(await machine.call<string>("level", "level")).toBe("low");
  // The same environment changes nothing, another one that works takes over.
  await machine.ok(["deploy", path, "--env", "LEVEL=low"]);
  expect(await machine.pids("level")).toContain(before[1]!);
  await machine.ok(["deploy", path, "--env", "LEVEL=high", "--observe", "100ms"]);
  expect(await machine.call<string>("level", "level")).toBe("high");
  await machine.ok(["rm", "level"]);
});

test("what never came up is replaced by a deploy of what does, and tried again by a deploy of the same", async () => {
  const broken = `import { existsSync } from "node:fs";
    if (!existsSync("ready")) throw new Error("not ready");
    export function state(): string { return "ready"; }`;
  const path = machine.write("first.ts", broken);
  expect((await machine.cell(["deploy", path])).exit).toBe(1);
  await machine.untilInstances("first", "to be a crash loop", ([one]) => one?.state === "crash-looping");
  writeFileSync(join(machine.home, "data/first/ready"), "");
  await machine.ok(["deploy", path]);
  expect(await machine.call<string>("first", "state")).toBe("ready");

  rmSync(join(machine.home, "data/first/ready"));
  await machine.ok(["rm", "first"]);
  expect((await machine.cell(["deploy", path])).exit).toBe(1);
  await machine.deploy("first", `export function state(given: number): number { return given; }`);
  expect(await machine.call<number>("first", "state", "7")).toBe(7);
  await machine.ok(["rm", "first"]);
});

test.skipIf(!HAS_PROC)("a worker starts without the compiler and without the sources' cache", async () => {
  await machine.deploy("light", `export function f(input: { a: string }): string { return input.a; }`);
  rmSync(join(machine.home, "cache"), { recursive: true, force: true });
  await replaceFirst("light");
  const [pid] = await machine.pids("light");
  expect(await machine.call<string>("light", "f", "a=b")).toBe("b");
  // The compiler alone needs some 60 MiB.
  expect(privateBytesOf(pid!)).toBeLessThan(24 * 2 ** 20);
  await machine.ok(["rm", "light"]);
});

test("scale takes any count from 0 on, and the next call wakes a service without instances", async () => {
  await machine.deploy("scaled", `export function pid(): number { return process.pid; }`);
  await machine.ok(["scale", "scaled", "4"]);
  const four = await machine.untilUp("scaled", 4);
  expect(four.map(({ instance }) => instance)).toEqual(["scaled@1", "scaled@2", "scaled@3", "scaled@4"]);
  await machine.ok(["scale", "scaled", "1"]);
  await machine.untilUp("scaled", 1);
  await machine.ok(["scale", "scaled", "0"]);
  await until(async () => (await machine.pids("scaled")).every((pid) => pid === 0), "no instance to run");
  for (const { pid } of four) await until(() => !isAlive(pid!), "the old instances to end");
  expect(await machine.call<number>("scaled", "pid")).toBeGreaterThan(0);
  await machine.ok(["rm", "scaled"]);
});

test("a stopped service stays down, calls or not, until it is restarted", async () => {
  await machine.deploy("paused", `export function pid(): number { return process.pid; }`, ["--instances", "2"]);
  const before = await machine.pids("paused");
  await machine.ok(["stop", "paused"]);
  await until(() => !before.some(isAlive), "the instances to end");
  const refused = await machine.cell(["call", "paused", "pid", "--timeout", "10s"]);
  expect(refused.exit).not.toBe(0);
  expect(refused.stderr).toContain("stopped");
  const service = (await machine.status()).services.find(({ name }) => name === "paused");
  expect(service).toMatchObject({ state: "stopped" });

  await machine.ok(["restart", "paused"]);
  await machine.untilUp("paused", 2);
  const after = await machine.pids("paused");
  await machine.ok(["restart", "paused"]);
  await machine.untilInstances(
    "paused",
    "two fresh processes",
    (all) => all.length === 2 && all.every(({ pid, state }) => state === "up" && !after.includes(pid!)),
  );
  await machine.ok(["rm", "paused"]);
});

test("rm ends a service and forgets it", async () => {
  await machine.deploy("gone", `export function f(): number { return 1; }`, ["--instances", "2"]);
  const pids = await machine.pids("gone");
  await machine.ok(["rm", "gone"]);
  await until(() => !pids.some(isAlive), "the instances to end");
  // Others see a process's end when the agent may not have yet.
  await machine.untilInstances("gone", "to be forgotten", (all) => all.length === 0);
  expect((await machine.status()).services.map(({ name }) => name)).not.toContain("gone");
  const call = await machine.cell(["call", "gone", "f"]);
  expect(call.exit).toBe(3);
  expect(call.stderr).toContain("no service");
  await until(
    () => readdirSync(join(machine.home, "run")).every((name) => !name.startsWith("gone")),
    "no trace in run/",
  );
  expect((await machine.cell(["rm", "gone"])).exit).not.toBe(0);
});

test("ps lists instances with everything that operators ask for", async () => {
  await machine.deploy("listed", `export function f(): number { return 1; }`, ["--instances", "2"]);
  for (let count = 0; count < 5; count++) await machine.call<number>("listed", "f");
  await machine.untilUp("listed", 2);
  const rows = (await machine.json<Record<string, unknown>[]>(["ps", "--json"]))
    .filter(({ service }) => service === "listed");
  expect(rows.map(({ instance }) => instance)).toEqual(["listed@1", "listed@2"]);
  for (const row of rows) {
    expect(row).toMatchObject({
      service: "listed",
      pid: expect.any(Number),
      state: "up",
      species: expect.stringMatching(/^[0-9a-f]{16}$/),
      restarts: 0,
      inFlight: expect.any(Number),
    });
    const fields = Object.keys(row).join(" ");
    for (const field of ["uptime", "callsPerSecond", "p50", "p99", "memory", "cpu"]) expect(fields).toContain(field);
  }
  const shown = (await machine.ok(["ps"])).stdout;
  for (
    const title of ["SERVICE", "INSTANCE", "PID", "STATE", "SPECIES", "UP", "RESTARTS", "P50", "P99", "MEMORY", "CPU"]
  ) {
    expect(shown).toContain(title);
  }
  expect(shown).toContain("listed@2");
  // What `cell run` serves is listed beside them.
  await machine.serve("beside.ts", `export function f(): number { return 2; }`);
  expect((await machine.json<{ service: string }[]>(["ps", "--json"])).map(({ service }) => service)).toContain(
    "beside",
  );
  await machine.ok(["rm", "listed"]);
});

test("a name is either deployed or served by run, never both", async () => {
  await machine.deploy("mine", `export function f(): number { return 1; }`);
  const run = await machine.cell(["run", join(machine.folder, "mine.ts")]);
  expect(run.exit).toBe(1);
  expect(run.stderr).toContain("mine");
  await machine.ok(["rm", "mine"]);
  for (const args of [["deploy", machine.write("nucleus.ts", `export function f(): void {}`)], ["run", "nucleus.ts"]]) {
    const refused = await machine.cell(args);
    expect(refused.exit).not.toBe(0);
    expect(refused.stderr).toContain("nucleus");
  }
});

test("deploy without an agent says how to start one", async () => {
  const path = join(machine.folder, "lonely.ts");
  writeFileSync(path, `export function f(): number { return 1; }`);
  const refused = await machine.cell(["deploy", path], { env: { CELL_HOME: join(machine.folder, "empty-home") } });
  expect(refused.exit).not.toBe(0);
  expect(refused.stderr).toContain("cell up");
});
