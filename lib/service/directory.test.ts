import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { utimesSync } from "node:fs";
import { LocalDirectory } from "./directory.ts";
import { runDirectory } from "./home.ts";
import { InstanceProcesses, TestHome } from "./testing/mod.ts";

/** Each test starts some processes, on a machine that may be busy. */
setDefaultTimeout(120_000);

const processes = new InstanceProcesses();
afterAll(() => processes[Symbol.dispose]());

/** Makes the last change of the run directory one of long ago. */
function settle(): void {
  utimesSync(runDirectory(), 0, 0);
}

test("an instance that has crashed is listed until somebody connects to it, and not after that", async () => {
  await using home = new TestHome();
  const [crashed] = await Promise.all([1, 2].map((number) => processes.start(home, { name: "shop", number })));
  const directory = new LocalDirectory();
  settle();
  const before = await directory.list("shop");
  expect(before.map(({ id }) => id)).toEqual(["shop@1", "shop@2"]);
  crashed!.kill("SIGKILL");
  await crashed!.exited;
  for (const endpoint of await directory.list("shop")) {
    await endpoint.dial("uds").then(
      (link) => link.close(),
      (error: unknown) => expect(error).toMatchObject({ code: "NOT_FOUND" }),
    );
  }
  expect((await directory.list("shop")).map(({ id }) => id)).toEqual(["shop@2"]);
});

test("an instance that takes a crashed one's place is listed as what it is", async () => {
  await using home = new TestHome();
  const crashed = await processes.start(home, { name: "shop", number: 1 });
  const directory = new LocalDirectory();
  settle();
  expect(await directory.list("shop")).toMatchObject([{ id: "shop@1", release: 1 }]);
  crashed.kill("SIGKILL");
  await crashed.exited;
  await processes.start(home, { name: "shop", number: 1, release: 2 });
  expect(await directory.list("shop")).toMatchObject([{ id: "shop@1", release: 2 }]);
});
