import { expect, setDefaultTimeout, test } from "bun:test";
import { openSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../test/harness/until.ts";
import { claimInstance, claimName, inheritClaim } from "./claim.ts";
import { holders, instanceOfProcess } from "./holders.ts";
import { runDirectory } from "./home.ts";
import { markProcess } from "./process_mark.ts";
import { connectService } from "./remote.ts";
import { InstanceProcesses, serveHandlers, TestHome } from "./testing/mod.ts";

/** Each test starts some processes, on a machine that may be busy. */
setDefaultTimeout(120_000);

const marked = (): string[] => readdirSync(runDirectory()).filter((name) => name.endsWith(".process"));

test("a process is of the instance whose lock it holds, and of none without one", async () => {
  await using _home = new TestHome();
  expect(instanceOfProcess(process.pid)).toBeUndefined();
  const claim = await claimInstance("hello", 3, { species: "0123456789abcdef", release: 1 });
  expect(instanceOfProcess(process.pid)).toEqual({ service: "hello", number: 3 });
  expect(instanceOfProcess(1)).toBeUndefined();
  claim.release();
  expect(instanceOfProcess(process.pid)).toBeUndefined();
});

test("a mark says so without the lock, for as long as anybody needs it", async () => {
  await using _home = new TestHome();
  const [first, second] = [markProcess("hello@2"), markProcess("hello@2")];
  first();
  first();
  expect(instanceOfProcess(process.pid)).toEqual({ service: "hello", number: 2 });
  second();
  expect([instanceOfProcess(process.pid), marked()]).toEqual([undefined, []]);
});

test("what a dead process said of itself counts no more, and is removed", async () => {
  await using _home = new TestHome();
  markProcess("hello")();
  writeFileSync(join(runDirectory(), "hello@1.4711.process"), "");
  expect([instanceOfProcess(4711), marked()]).toEqual([undefined, []]);
});

test("a process whose parent holds the name is of the service, too", async () => {
  await using _home = new TestHome();
  const parent = await claimName("hello");
  // The child has the lock as an open file of its own.
  writeFileSync(join(runDirectory(), "hello.lock"), '{"pid":1}\n');
  const child = inheritClaim("hello", openSync(join(runDirectory(), "hello.lock"), "r+"));
  expect(instanceOfProcess(process.pid)).toEqual({ service: "hello", number: undefined });
  child.release();
  expect(instanceOfProcess(process.pid)).toBeUndefined();
  parent.release();
});

test("a service that has given its name up is still known while it finishes its calls", async () => {
  await using home = new TestHome();
  const gate = Promise.withResolvers<void>();
  const seen: unknown[] = [];
  const service = await serveHandlers(home, "shop", {
    wait: async () => {
      await gate.promise;
      seen.push(instanceOfProcess(process.pid));
    },
  });
  const client = await connectService("shop", { transport: "uds" });
  const answer = client.call("wait", []);
  await until(() => service.inFlight === 1, "the call to arrive");
  const drained = service.drain(5_000);
  await until(() => holders().length === 0, "the name to be given up");
  gate.resolve();
  await answer;
  await drained;
  expect([seen, marked()]).toEqual([[{ service: "shop", number: undefined }], []]);
  await client.close();
});

test("a process that crashed is of no instance", async () => {
  await using home = new TestHome();
  using processes = new InstanceProcesses();
  const child = await processes.start(home, { name: "shop", number: 1 });
  expect(instanceOfProcess(child.pid)).toEqual({ service: "shop", number: 1 });
  child.kill("SIGKILL");
  await child.exited;
  expect(instanceOfProcess(child.pid)).toBeUndefined();
});
