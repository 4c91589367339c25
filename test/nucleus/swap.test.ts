import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { until } from "../harness/mod.ts";
import { isAlive, Load, NodeMachine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/** Two versions differ in what they say only. */
const version = (name: string): string => `
export function version(): string { return ${JSON.stringify(name)}; }
export async function slow(ms: number): Promise<string> { await Bun.sleep(ms); return ${JSON.stringify(name)}; }
`;

/** Of another species: what \`version\` returns has changed. */
const BREAKING = `
export function version(): { major: number } { return { major: 3 }; }
export async function slow(ms: number): Promise<string> { await Bun.sleep(ms); return "three"; }
`;

let machine: NodeMachine;

beforeAll(async () => {
  machine = await NodeMachine.up({ heartbeat: "250ms" });
  await machine.deploy("shop", version("one"), ["--instances", "2"]);
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

const file = (name: string, source: string): string => machine.write(`${name}/shop.ts`, source);

const releases = async (service: string) =>
  (await machine.status()).services.find(({ name }) => name === service)!.releases;

test("swap moves callers to the new version without a failed call, and calls in flight end on the old one", async () => {
  const before = await machine.pids("shop");
  await using load = await Load.start("shop", { method: "version" });
  const client = await machine.connect("shop");
  const inFlight = client.call("slow", [3000]);
  await machine.ok(["swap", "shop", file("two", version("two"))]);
  expect(await inFlight).toBe("one");
  await machine.untilInstances(
    "shop",
    "only the new release to run",
    (all) => all.length === 2 && all.every(({ state, release }) => state === "up" && release === 2),
  );
  await load.more(50);
  await load.stop();
  expect(load.failures).toEqual([]);
  expect([...load.results.keys()]).toEqual(["one", "two"]);
  await until(() => !before.some(isAlive), "the old processes to end");
  expect(await machine.call<string>("shop", "version")).toBe("two");
});

test("scaling down and restarting under load fail no call", async () => {
  await using load = await Load.start("shop", { method: "version" });
  await machine.ok(["scale", "shop", "4"]);
  await machine.untilUp("shop", 4);
  await load.more(200);
  await machine.ok(["scale", "shop", "1"]);
  await machine.untilUp("shop", 1);
  await load.more(50);
  const [before] = await machine.pids("shop");
  await machine.ok(["restart", "shop"]);
  await machine.untilInstances(
    "shop",
    "a fresh process alone",
    (all) => all.length === 1 && all[0]!.state === "up" && all[0]!.pid !== before,
  );
  await load.more(50);
  await load.stop();
  expect(load.failures).toEqual([]);
  await machine.ok(["scale", "shop", "2"]);
  await machine.untilUp("shop", 2);
});

test("an instance that still answers calls is draining, and ends after the last", async () => {
  const source = `import { existsSync } from "node:fs";
    export async function hold(until: string): Promise<string> {
      while (!existsSync(until)) await Bun.sleep(10);
      return until;
    }`;
  await machine.deploy("busy", source, ["--instances", "2"]);
  const client = await machine.connect("busy");
  const inFlight = client.call("hold", ["enough"]);
  await machine.untilInstances("busy", "to be called", (all) => all.some(({ load }) => (load?.inFlight ?? 0) > 0));
  const scaled = machine.ok(["scale", "busy", "0"]);
  await machine.untilInstances("busy", "one to drain", (all) => all.some(({ state }) => state === "draining"));
  writeFileSync(`${machine.home}/data/busy/enough`, "");
  expect(await inFlight).toBe("enough");
  await scaled;
  await machine.untilInstances("busy", "no process to be left", (all) => all.every(({ pid }) => pid === null));
  await machine.ok(["rm", "busy"]);
});

test("a new version that fails to start is rolled back, and the old one was never away", async () => {
  const before = await machine.pids("shop");
  await using load = await Load.start("shop", { method: "version" });
  const bad = file("bad", `${version("bad")}\nthrow new Error("the new cable does not fit");`);
  const swapped = await machine.cell(["swap", "shop", bad]);
  expect(swapped.exit).toBe(1);
  expect(swapped.stderr).toContain("the new cable does not fit");
  await load.more(50);
  await load.stop();
  expect(load.failures).toEqual([]);
  expect([...load.results.keys()]).toEqual(["two"]);
  expect(await machine.pids("shop")).toEqual(before);
  expect((await releases("shop")).map(({ number, role }) => ({ number, role }))).toEqual([{
    number: 2,
    role: "active",
  }]);
});

test("a new version whose errors jump under load is rolled back", async () => {
  const before = await machine.pids("shop");
  const failing = `export function version(): string { throw new Error("untested"); }
    export async function slow(ms: number): Promise<string> { await Bun.sleep(ms); return "bad"; }`;
  await using load = await Load.start("shop", { method: "version" });
  const swapped = await machine.cell(["swap", "shop", file("failing", failing), "--observe", "60s"]);
  expect(swapped.exit).toBe(1);
  expect(swapped.stderr).toMatch(/error/);
  // The log of the release that works says nothing about this one.
  expect(swapped.stderr).not.toContain("The last lines of");
  await load.stop();
  expect(await machine.untilUp("shop", 2)).toMatchObject(before.map((pid) => ({ pid, release: 2 })));
  const { exit, stdout } = await machine.cell(["call", "shop", "version"]);
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: '"two"\n' });
});

test("a version that is overtaken by a newer one before it took over says so", async () => {
  const overtaken = machine.cell(["swap", "shop", file("slow", version("overtaken")), "--observe", "10m"]);
  await until(async () => (await releases("shop")).some(({ role }) => role === "candidate"), "a candidate");
  await machine.ok(["swap", "shop", file("next", version("two")), "--observe", "0"]);
  const { exit, stderr } = await overtaken;
  expect(exit).toBe(1);
  const [active] = await releases("shop");
  expect(stderr).toContain(`release ${active?.number}`);
  expect(await machine.call<string>("shop", "version")).toBe("two");
});

test("a breaking schema is refused with the difference, and --parallel and --force are named", async () => {
  const before = await machine.pids("shop");
  const known = await releases("shop");
  for (const command of ["swap shop", "deploy"]) {
    const refused = await machine.cell([...command.split(" "), file("three", BREAKING)]);
    expect(refused.exit).toBe(1);
    for (const part of ["version", "string", "--parallel", "--force"]) expect(refused.stderr).toContain(part);
  }
  expect(await machine.pids("shop")).toEqual(before);
  expect(await releases("shop")).toEqual(known);
});

test("--parallel keeps both species, and callers reach the one that they were compiled against", async () => {
  const old = machine.write("old/caller.ts", `import { version } from "cell:shop";\nconsole.log(await version());`);
  await machine.ok(["check", old]);
  const before = await machine.pids("shop");
  await machine.ok(["swap", "shop", file("three", BREAKING), "--parallel"]);
  const all = await machine.untilUp("shop", 4);
  expect(new Set(all.map(({ species }) => species)).size).toBe(2);
  for (const pid of before) expect(all.map((instance) => instance.pid)).toContain(pid);
  const young = machine.write(
    "young/caller.ts",
    `import { version } from "cell:shop";\nconsole.log((await version()).major);`,
  );
  await machine.ok(["check", young]);
  // More than one call each: none of them may get to the other species by chance.
  for (let round = 0; round < 3; round++) {
    expect((await machine.ok(["run", old])).stdout).toBe("two\n");
    expect((await machine.ok(["run", young])).stdout).toBe("3\n");
  }
  expect((await machine.ok(["call", "shop", "version"])).stdout).toBe('{"major":3}\n');
});

test("one of two species can be removed, and the other one goes on", async () => {
  const before = await machine.untilUp("shop", 4);
  const [old] = before;
  const kept = before.filter(({ species }) => species !== old!.species);
  await machine.ok(["rm", "shop", "--species", old!.species]);
  const after = await machine.untilUp("shop", 2);
  expect(after.map(({ pid }) => pid)).toEqual(kept.map(({ pid }) => pid));
});

test("--force replaces whatever runs", async () => {
  const forced = `export function version(input: { full: boolean }): number { return input.full ? 4.0 : 4; }`;
  await machine.ok(["swap", "shop", file("four", forced), "--force", "--observe", "100ms"]);
  const all = await machine.untilInstances(
    "shop",
    "one species alone",
    (instances) => instances.length === 2 && instances.every(({ state, release }) => state === "up" && release > 3),
  );
  expect(new Set(all.map(({ species }) => species)).size).toBe(1);
  expect((await machine.ok(["call", "shop", "version", "full:=true"])).stdout).toBe("4\n");
});

test("swapping what was never deployed is an error with near names", async () => {
  const unknown = await machine.cell(["swap", "shpo", file("five", version("five"))]);
  expect(unknown.exit).not.toBe(0);
  expect(unknown.stderr).toContain("shop");
});
