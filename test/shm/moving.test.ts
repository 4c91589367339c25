import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../harness/mod.ts";
import { sharedDescriptorsOf, sharedMappingsOf, sharedNames, ShmMachine, TRANSPORTS } from "./harness/mod.ts";

setDefaultTimeout(120_000);

/** When a connection leaves its Unix socket, and what is there then that was not before. */
const keyOf = (machine: ShmMachine): string => join(machine.home, "keys/local.key");

/** A connection that moves. */
const testShm = test.skipIf(!TRANSPORTS.includes("shm"));

testShm("a connection moves once it is used, and what both sides need for that is there only then", async () => {
  await using machine = new ShmMachine("auto");
  const [target, caller] = [await machine.run("target", "target"), await machine.run("caller", "caller")];
  const control = await machine.control("caller");
  await control.call("open", ["target", 2]);
  await control.call("callEach", [1]);
  expect([target, caller].map(({ pid }) => sharedMappingsOf(pid))).toEqual([0, 0]);
  expect(existsSync(keyOf(machine))).toBe(false);

  expect(await control.call("callEach", [100])).toBe(200);
  await until(() => sharedMappingsOf(target.pid) === 2 && sharedMappingsOf(caller.pid) === 2, "both to move");
  expect([target, caller].map(({ pid }) => sharedDescriptorsOf(pid).length)).toEqual([2, 2]);
  expect(readFileSync(keyOf(machine))).toHaveLength(32);
  expect(statSync(keyOf(machine)).mode & 0o777).toBe(0o600);
  expect(statSync(join(machine.home, "keys")).mode & 0o777).toBe(0o700);
  // Other tests may be at work on this machine: their names go, while these connections stay.
  await until(() => sharedNames().length === 0, "no segment to have a name");
});

test("a command that makes one call makes no secret and no shared memory", async () => {
  await using machine = new ShmMachine("auto");
  const target = await machine.run("target", "target");
  for (const words of [["once", "1"], ["count", "5", "x"], ["pid"]]) {
    expect((await machine.cell(["call", "target", ...words])).exit).toBe(0);
  }
  expect(existsSync(join(machine.home, "keys"))).toBe(false);
  // A process that never shared memory has not even opened what it takes.
  expect(sharedMappingsOf(target.pid)).toBe(0);
});

test("a client that keeps to the socket never moves", async () => {
  await using machine = new ShmMachine("uds");
  // The server would.
  const target = await machine.run("target", "target", { env: { CELL_TRANSPORT: "auto" } });
  await machine.run("caller", "caller");
  const control = await machine.control("caller");
  await control.call("open", ["target", 2]);
  expect(await control.call("callEach", [500])).toBe(1000);
  expect(sharedMappingsOf(target.pid)).toBe(0);
  expect(existsSync(keyOf(machine))).toBe(false);
});

testShm("where the secret cannot be read a connection stays on the socket, unless it must not", async () => {
  await using machine = new ShmMachine("auto");
  const target = await machine.run("target", "target");
  await machine.run("caller", "caller");
  const control = await machine.control("caller");
  mkdirSync(join(machine.home, "keys"), { mode: 0o700 });
  writeFileSync(keyOf(machine), "short", { mode: 0o600 });
  await control.call("open", ["target", 2]);
  expect(await control.call("callEach", [200])).toBe(400);
  expect(sharedMappingsOf(target.pid)).toBe(0);
  const refused = await machine.cell(["call", "target", "pid"], { env: { CELL_TRANSPORT: "shm" } });
  expect(refused.exit).not.toBe(0);
  expect(refused.stderr).toContain("local.key");
});

testShm("a connection that has moved tells of its peer's end at once", async () => {
  await using machine = new ShmMachine("shm");
  const target = await machine.run("target", "target");
  await machine.run("features", "features");
  const control = await machine.control("features");
  await control.call("begin", ["target", 50]);
  const cancelled = control.call("beLate", [60_000]) as Promise<string>;
  await until(async () => (await (await machine.control("target")).stats()).inFlight > 0, "the call to begin");
  await target.kill();
  expect(await cancelled).toBe("UNAVAILABLE");
});
