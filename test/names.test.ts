import { expect, setDefaultTimeout, test } from "bun:test";
import { chownSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Machine, until } from "./harness/mod.ts";

setDefaultTimeout(120_000);

const SERVICE = "export function ping(): string { return String(process.pid); }\n";

test.concurrent("an invalid name is refused with the rule", async () => {
  await using machine = new Machine();
  const file = machine.write("hello.ts", SERVICE);
  for (const name of ["Hello World", "-x", "x".repeat(64), "../../etc", "", "é"]) {
    const finished = await machine.cell(["run", file, `--name=${name}`]);
    expect(finished.exit, `name "${name}"`).toBe(2);
    expect(finished.stderr).toContain("lower-case");
  }
});

test.concurrent("a name that a live process holds is refused with its pid and a way out", async () => {
  await using machine = new Machine();
  const first = await machine.serve("hello.ts", SERVICE);
  const second = await machine.cell(["run", join(machine.folder, "hello.ts")]);
  expect(second.exit).toBe(1);
  expect(second.stderr).toContain(String(first.pid));
  expect(second.stderr).toContain("--name");
  const called = await machine.cell(["call", "hello", "ping"]);
  expect(JSON.parse(called.stdout)).toBe(String(first.pid));
});

test.concurrent("of many processes that want one name at the same instant, one gets it", async () => {
  await using machine = new Machine();
  const file = machine.write("hello.ts", SERVICE);
  const contenders = Array.from({ length: 6 }, () => machine.start(["run", file]));
  const outcomes = await Promise.all(
    contenders.map((contender) =>
      Promise.race([
        contender.serving().then(() => "serves", () => "refused"),
        contender.exited().then(() => "refused"),
      ])
    ),
  );
  expect(outcomes.filter((outcome) => outcome === "serves")).toHaveLength(1);
  expect((await machine.cell(["call", "hello", "ping"])).exit).toBe(0);
});

test.concurrent("the socket of a crashed process is recognised, not listed, and removed by the next start", async () => {
  await using machine = new Machine();
  const crashed = await machine.serve("hello.ts", SERVICE);
  await crashed.kill();
  expect(existsSync(join(machine.home, "run", "hello.sock"))).toBe(true);
  expect((await machine.cell(["call", "hello", "ping"])).exit).toBe(3);
  expect(JSON.parse((await machine.cell(["ps", "--json"])).stdout)).toEqual([]);
  const next = await machine.serve("hello.ts", SERVICE);
  expect(JSON.parse((await machine.cell(["call", "hello", "ping"])).stdout)).toBe(String(next.pid));
});

test.concurrent("a stopped service takes its socket with it", async () => {
  await using machine = new Machine();
  const service = await machine.serve("hello.ts", SERVICE);
  service.signal("SIGTERM");
  expect(await service.exited()).toBe(0);
  expect(existsSync(join(machine.home, "run", "hello.sock"))).toBe(false);
});

test.concurrent("a home directory that belongs to another user is refused with exit 5", async () => {
  await using machine = new Machine();
  const isRoot = process.getuid?.() === 0;
  // Root may give a folder away; anybody else finds one of root's.
  const foreign = isRoot ? join(machine.folder, "foreign") : "/";
  if (isRoot) {
    mkdirSync(foreign);
    chownSync(foreign, 65534, 65534);
  }
  const file = machine.write("hello.ts", SERVICE);
  const finished = await machine.cell(["run", file], { env: { CELL_HOME: foreign } });
  expect(finished.exit).toBe(5);
  expect(finished.stderr).toContain(foreign);
});

test.concurrent.skipIf(process.getuid?.() !== 0)("another user can neither list nor call a service", async () => {
  await using machine = new Machine();
  await machine.serve("hello.ts", SERVICE);
  const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  const readable = join(machine.folder, "cell");
  await Bun.write(readable, Bun.file(process.env["CELL_BINARY"] ?? join(import.meta.dir, "../dist/cell")));
  await Bun.$`chmod 755 ${machine.folder} ${readable}`.quiet();
  const called = await machine.cell(["call", "hello", "ping"], { command: [...asNobody, readable] });
  expect(called.exit).toBe(5);
});

test.concurrent("a home whose path is longer than a socket address works", async () => {
  await using machine = new Machine();
  const deep = join(machine.folder, "d".repeat(100), "e".repeat(100));
  const service = machine.start(["run", machine.write("hello.ts", SERVICE)], { env: { CELL_HOME: deep } });
  await service.serving();
  const called = await machine.cell(["call", "hello", "ping"], { env: { CELL_HOME: deep } });
  expect(called).toMatchObject({ exit: 0, stdout: `"${service.pid}"\n` });
});

test.concurrent("--watch serves the new code under the same name, and a caller meanwhile waits", async () => {
  await using machine = new Machine();
  const file = machine.write("hello.ts", 'export function version(): string { return "one"; }\n');
  const service = machine.start(["run", file, "--watch"]);
  await service.serving();
  expect((await machine.cell(["call", "hello", "version"])).stdout).toBe('"one"\n');
  machine.write("hello.ts", 'export function version(): string { return "two"; }\n');
  await until(async () => {
    const called = await machine.cell(["call", "hello", "version"]);
    expect(called.exit).toBe(0);
    return called.stdout === '"two"\n';
  }, "the new version");
});
