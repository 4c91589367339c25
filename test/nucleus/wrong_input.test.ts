import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { BINARY } from "../harness/mod.ts";
import { NodeMachine } from "./harness/mod.ts";

setDefaultTimeout(120_000);

const GOOD = `export function version(): string { return "good"; }`;
/** Users and modes mean nothing to root, who can act as somebody else instead. */
const IS_ROOT = process.getuid?.() === 0;
const NOBODY = 65534;

let machine: NodeMachine;

beforeAll(async () => {
  machine = await NodeMachine.up();
  await machine.deploy("good", GOOD, ["--instances", "2"]);
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
});

/** What must not change: the processes, the settings and the releases. How they do is the machine's business. */
async function everything() {
  const services = (await machine.status()).services.map(({ state: _state, reason: _reason, up: _up, ...kept }) =>
    kept
  );
  return { services, pids: await machine.pids("good") };
}

const broken: { [name: string]: [source: string, complaint: RegExp] } = {
  "does not parse": [`export function version(: string {`, /good\.ts:1:\d+/],
  "has a type that cannot cross the wire": [
    `export function version(): WeakMap<object, string> { return new WeakMap(); }`,
    /good\.ts/,
  ],
  "imports a file that is not there": [
    `import { x } from "./nowhere.ts";\nexport function version(): string { return x; }`,
    /nowhere/,
  ],
  "exports nothing": [`const version = "good";`, /export/],
  "is empty": ["", /export/],
  "throws when it is loaded": [`${GOOD}\nthrow new Error("out of order");`, /out of order/],
};

for (const [what, [source, complaint]] of Object.entries(broken)) {
  test(`deploying a file that ${what} is an error and changes nothing that runs`, async () => {
    const before = await everything();
    const refused = await machine.cell(["deploy", machine.write("broken/good.ts", source)]);
    expect(refused.exit).not.toBe(0);
    expect(refused.stderr).toMatch(complaint);
    expect(await everything()).toEqual(before);
    expect(await machine.call<string>("good", "version")).toBe("good");
  });
}

test("a path that is not there, a folder without services and a wrong name are errors that say so", async () => {
  const before = await everything();
  const nowhere = await machine.cell(["deploy", "nowhere.ts"]);
  expect(nowhere.exit).not.toBe(0);
  expect(nowhere.stderr).toContain("nowhere.ts");
  mkdirSync(join(machine.folder, "empty"), { recursive: true });
  const empty = await machine.cell(["deploy", "empty"]);
  expect(empty.exit).not.toBe(0);
  expect(empty.stderr).toContain("empty");
  for (const name of ["../up", "a/b", "a@1", "", "-x", "a".repeat(300), "nucleus"]) {
    const refused = await machine.cell(["deploy", join(machine.folder, "good.ts"), `--name=${name}`]);
    expect(refused.exit, name).not.toBe(0);
    expect(refused.stderr, name).not.toBe("");
  }
  expect(await everything()).toEqual(before);
});

test("counts that are negative, huge, fractional or no numbers are refused where they are read and by the agent", async () => {
  const before = await everything();
  const file = join(machine.folder, "good.ts");
  for (const count of ["-1", "1.5", "1e9", "99999999999999999999", "NaN", "Infinity", "many", "", "0x10"]) {
    for (const args of [["scale", "good", "--", count], ["deploy", file, `--instances=${count}`]]) {
      const refused = await machine.cell(args);
      expect(refused.exit, args.join(" ")).toBe(2);
      expect(refused.stderr, args.join(" ")).not.toBe("");
    }
  }
  // Without the check of the command.
  for (const count of ["-1", "1.5", "1000000000"]) {
    const refused = await machine.cell(["call", "nucleus", "scale", "good", "--", count]);
    expect(refused.exit, count).not.toBe(0);
  }
  for (const args of [["--min", "3", "--max", "2"], ["--min", "-1"], ["--idle", "-5m"], ["--idle", "soon"]]) {
    const refused = await machine.cell(["deploy", file, ...args]);
    expect(refused.exit, args.join(" ")).not.toBe(0);
  }
  expect(await everything()).toEqual(before);
});

test("commands about a service that is unknown name the near one", async () => {
  for (const args of [["scale", "god", "2"], ["stop", "god"], ["restart", "god"], ["rm", "god"]]) {
    const refused = await machine.cell(args);
    expect(refused.exit, args.join(" ")).toBe(3);
    expect(refused.stderr, args.join(" ")).toContain("good");
  }
  // The agent is a service, but none that was deployed.
  const own = await machine.cell(["scale", "nucleus", "2"]);
  expect(own.exit).toBe(2);
  expect(own.stderr).toContain("cell down");
});

test("wrong environments and a wrong cell.toml are errors that say what is wrong", async () => {
  const before = await everything();
  const file = join(machine.folder, "good.ts");
  for (const assignment of ["NOVALUE", "=x", "1A=x", "A B=x", "A=b\0c"]) {
    const refused = assignment.includes("\0")
      ? await machine.cell(["call", "nucleus", "deploy", JSON.stringify({ service: "good", env: { A: "b\0c" } })])
      : await machine.cell(["deploy", file, "--env", assignment]);
    expect(refused.exit, assignment).not.toBe(0);
    expect(refused.stderr, assignment).not.toBe("");
  }
  expect((await machine.cell(["deploy", file, "--env-file", "nowhere.env"])).stderr).toContain("nowhere.env");
  const settings: { [text: string]: string } = {
    "[cell]\nnmae = 'x'": "name",
    "[cell.biology]\nmin_replicas = -1": "min_replicas",
    "[cell.biology]\nmin_replicas = 1.5": "min_replicas",
    "[cell.biology]\ncpu_target = 60%": "cpu_target",
    "[cell": "cell.toml",
  };
  for (const [text, named] of Object.entries(settings)) {
    machine.write("settings/cell.toml", text);
    machine.write("settings/main.ts", GOOD);
    const refused = await machine.cell(["deploy", "settings"]);
    expect(refused.exit, text).not.toBe(0);
    expect(refused.stderr, text).toContain(named);
  }
  expect(await everything()).toEqual(before);
});

test("a state.db that is damaged is named, kept as it is, and keeps only the agent from starting", async () => {
  await using ill = await NodeMachine.up();
  await ill.deploy("good", GOOD);
  const path = join(ill.home, "state.db");
  const down = async (): Promise<void> => void await ill.ok(["down"]);
  await down();
  const whole = readFileSync(path);
  expect(whole.length).toBeGreaterThan(0);
  const damages: { [what: string]: () => void } = {
    "other bytes": () => writeFileSync(path, "not a database, but long enough to be looked at".repeat(400)),
    "a torn file": () => truncateSync(path, Math.floor(whole.length / 2)),
    "a page of zeros": () =>
      writeFileSync(path, Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096)])),
  };
  for (const [what, damage] of Object.entries(damages)) {
    for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
    writeFileSync(path, whole);
    damage();
    const damaged = readFileSync(path);
    const refused = await ill.cell(["up"]);
    expect(refused.exit, what).toBe(1);
    expect(refused.stderr, what).toContain(path);
    expect(readFileSync(path).equals(damaged), what).toBe(true);
  }
  // With the backup in its place everything is there again.
  writeFileSync(path, whole);
  await ill.ok(["up"]);
  await ill.untilUp("good", 1);
});

test.skipIf(process.platform !== "linux")("a state.db that cannot be written is named, with what to do", async () => {
  await using ill = await NodeMachine.up();
  await ill.ok(["down"]);
  const path = join(ill.home, "state.db");
  let refused;
  if (IS_ROOT) {
    // Modes do not hold root up; a mount that is read-only does.
    const lines =
      `mount --bind '${path}' '${path}' && mount -o remount,bind,ro '${path}' || exit 77; exec '${BINARY}' up`;
    refused = await ill.cell(["-rm", "bash", "-c", lines], { command: ["unshare"] });
    if (refused.exit === 77 || refused.stderr.includes("unshare")) return;
  } else {
    chmodSync(path, 0o400);
    refused = await ill.cell(["up"]);
  }
  expect(refused.exit).toBe(1);
  expect(refused.stderr).toContain(path);
  expect(refused.stderr).toMatch(/Mount it|Allow it/);
  expect(existsSync(path)).toBe(true);
});

test("the home of another user is refused, whoever asks", async () => {
  await using foreign = new NodeMachine();
  if (!IS_ROOT) {
    // "/" belongs to root.
    const refused = await foreign.cell(["up"], { env: { CELL_HOME: "/usr" } });
    expect(refused).toMatchObject({ exit: 5 });
    expect(refused.stderr).toContain("/usr");
    return;
  }
  chmodSync(foreign.folder, 0o755);
  await foreign.ok(["init"]);
  const asNobody = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  const others: [string, string[]][] = [["root's", [...asNobody, BINARY]], ["nobody's", [BINARY]]];
  for (const [whose, command] of others) {
    if (whose === "nobody's") chownSync(foreign.home, NOBODY, NOBODY);
    for (const args of [["up"], ["nucleus"], ["status"], ["deploy", foreign.write("good.ts", GOOD)]]) {
      const refused = await foreign.cell(args, { command });
      expect(refused.exit, `${args[0]} in ${whose} home`).not.toBe(0);
      expect(refused.stderr, `${args[0]} in ${whose} home`).toContain(foreign.home);
    }
  }
  expect(statSync(foreign.home).uid).toBe(NOBODY);
});
