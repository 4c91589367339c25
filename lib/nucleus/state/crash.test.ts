import { expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CellError } from "../../base/mod.ts";
import { fill, pictureOf } from "./testing/contents.ts";
import { FullDisk } from "../../package/testing/full_disk.ts";
import { StateFolder } from "./testing/state_folder.ts";

// Processes that start, and a compiler that is loaded, take seconds on a busy machine.
setDefaultTimeout(120_000);

const WRITER = join(import.meta.dir, "testing/writer.ts");
const KILLS = process.env["CELL_SOAK"] === "1" ? 500 : 12;

function startWriter(path: string): Bun.Subprocess<"ignore", "pipe", "inherit"> {
  return Bun.spawn([process.execPath, WRITER, path], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
}

/** Kills the process at a random point after its `rounds`th round; returns the last round that it called durable. */
async function killAfter(child: Bun.Subprocess<"ignore", "pipe", "inherit">, rounds: number): Promise<number> {
  let said = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    said += decoder.decode(chunk, { stream: true });
    if (said.split("\n").length > rounds && !child.killed) {
      const spins = Math.floor(Math.random() * 3e6);
      for (let spin = 0; spin < spins; spin++);
      child.kill("SIGKILL");
    }
  }
  await child.exited;
  return Number(said.split("\n").at(-2));
}

test("after kill -9 at any point there is the state of before or after a change, never a mix, and nothing durable is lost", async () => {
  using folder = new StateFolder();
  let highest = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const durable = await killAfter(startWriter(folder.path), 1 + kill % 5);
    expect(durable).toBeGreaterThan(highest);
    const store = folder.open();
    const services = store.services();
    const { replicas } = services[0]!;
    expect([durable, durable + 1]).toContain(replicas);
    for (const service of services) {
      expect(service.replicas).toBe(replicas);
      expect(service.releases[0]!.env["ROUND"]).toBe(String(replicas));
      expect(service.releases.map(({ role, observeMs }) => [role, observeMs])).toEqual([["active", replicas]]);
    }
    expect(services.length).toBe(3);
    highest = replicas;
    store.close();
  }
});

test("processes that make the same state at the same instant all find it made", async () => {
  using folder = new StateFolder();
  const script = `import { StateStore } from ${JSON.stringify(join(import.meta.dir, "mod.ts"))};
    process.stdout.write(String(StateStore.open(process.argv[1]).services().length));`;
  const children = Array.from(
    { length: 4 },
    () => Bun.spawn([process.execPath, "-e", script, folder.path], { stdin: "ignore", stdout: "pipe", stderr: "pipe" }),
  );
  const answers = await Promise.all(
    children.map(async (child) => [await child.stdout.text(), await child.stderr.text()]),
  );
  expect(answers).toEqual(children.map(() => ["0", ""]));
  expect(Object.keys(folder.contents())).toEqual(["state.db"]);
});

test("two that have the state open see each other's changes", () => {
  using folder = new StateFolder();
  const [one, other] = [folder.open(), folder.open()];
  const settings = { name: "a", replicas: 1, minReplicas: 0, maxReplicas: undefined, idleMs: 1, cpuTarget: undefined };
  one.create(settings, { package: "a".repeat(64), species: "1".repeat(16), env: {} });
  other.configure("a", { replicas: 2 });
  expect(one.service("a")!.replicas).toBe(2);
});

test("a state that another process has locked is UNAVAILABLE, and changes nothing", () => {
  using folder = new StateFolder();
  const [one, other] = [folder.open(), folder.open({ busyMs: 1 })];
  const settings = { name: "a", replicas: 1, minReplicas: 0, maxReplicas: undefined, idleMs: 1, cpuTarget: undefined };
  one.create(settings, { package: "a".repeat(64), species: "1".repeat(16), env: {} });
  let refused: unknown;
  one.atomically(() => {
    try {
      other.configure("a", { replicas: 2 });
    } catch (error) {
      refused = error;
    }
  });
  expect(refused).toMatchObject({ code: "UNAVAILABLE" });
  expect((refused as CellError).message).toContain(`using ${folder.path}: another process has locked it`);
  expect(one.service("a")!.replicas).toBe(1);
});

test("a count of restarts waits for nobody who has the state locked: a service would wait with it", () => {
  using folder = new StateFolder();
  const [one, other] = [folder.open(), folder.open({ busyMs: 60_000 })];
  const settings = { name: "a", replicas: 1, minReplicas: 0, maxReplicas: undefined, idleMs: 1, cpuTarget: undefined };
  one.create(settings, { package: "a".repeat(64), species: "1".repeat(16), env: {} });
  one.atomically(() => {
    one.configure("a", { replicas: 2 });
    expect(() => other.setRestarts("a", 1, 7)).toThrow("another process has locked it");
  });
  other.setRestarts("a", 1, 7);
  expect(one.restarts("a")).toEqual(new Map([[1, 7]]));
});

test("when no space is left a change is refused as a whole, and a later one that fits is made", () => {
  using folder = new StateFolder();
  folder.open().close();
  const store = folder.open({ pagesMax: 24 });
  const settings = { name: "a", replicas: 1, minReplicas: 0, maxReplicas: undefined, idleMs: 1, cpuTarget: undefined };
  const release = { package: "a".repeat(64), species: "1".repeat(16), env: { A: "small" } };
  store.create(settings, release);
  const before = store.services();
  let refused: unknown;
  try {
    store.atomically(() => {
      store.configure("a", { replicas: 5 });
      store.addCandidate("a", { ...release, env: { A: "x".repeat(200_000) }, parallel: false, observeMs: 0 });
    });
  } catch (error) {
    refused = error;
  }
  expect(refused).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  expect((refused as CellError).message).toContain("Nothing was changed; make room and try again");
  expect(store.services()).toEqual(before);
  store.configure("a", { replicas: 7 });
  store.close();
  expect(folder.open().service("a")).toEqual({ ...before[0]!, replicas: 7 });
});

test("on a full disk a change is an error, the state stays as it was, and it opens again when there is room", () => {
  using folder = new StateFolder();
  using disk = FullDisk.at(folder.folder, 512 * 1024);
  if (disk === undefined) return;
  const filler = join(folder.folder, "filler");
  const fillUp = () => {
    for (let bytes = 65_536; bytes >= 1; bytes >>= 1) {
      try {
        for (;;) appendFileSync(filler, Buffer.alloc(bytes));
      } catch {
        // Smaller pieces may still fit.
      }
    }
  };
  const codeOf = (work: () => unknown) => {
    try {
      return work() === undefined ? "done" : "answered";
    } catch (error) {
      return (error as CellError).code;
    }
  };
  const store = folder.open();
  fill(store, 3);
  const before = pictureOf(store);
  fillUp();
  const large = { package: "a".repeat(64), species: "1".repeat(16), env: { A: "x".repeat(30_000) } };
  expect(codeOf(() => store.addCandidate("service-1", { ...large, parallel: false, observeMs: 0 }))).toBe(
    "RESOURCE_EXHAUSTED",
  );
  expect(codeOf(() => store.configure("service-1", { replicas: 9 }))).toBe("RESOURCE_EXHAUSTED");
  expect(pictureOf(store)).toEqual(before);
  store.close();
  fillUp();
  expect(codeOf(() => folder.open())).toBe("RESOURCE_EXHAUSTED");
  rmSync(filler);
  const again = folder.open();
  expect(pictureOf(again)).toEqual(before);
  again.configure("service-1", { replicas: 9 });
  again.close();
});
