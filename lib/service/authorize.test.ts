import { expect, setDefaultTimeout, test } from "bun:test";
import type { Peer } from "../net/mod.ts";
import { authorizer } from "./authorize.ts";
import { claimName } from "./claim.ts";
import { connectService } from "./remote.ts";
import { InstanceProcesses, serveHandlers, TestHome } from "./testing/mod.ts";

/** Each test starts some processes, on a machine that may be busy. */
setDefaultTimeout(120_000);

const HERE: Peer = { kind: "process", uid: 0, pid: process.pid };

function instance(service: string): Peer {
  const [cluster, node] = ["c".repeat(32), "a".repeat(32)];
  return {
    kind: "instance",
    cluster,
    node,
    nodeName: "pi",
    service,
    instance: `${service}@1`,
    address: "192.0.2.7:41641",
  };
}

test("without a list everybody is answered, and nobody is looked at", () => {
  expect(authorizer("pay", undefined)).toBeUndefined();
});

test("a list decides by the service of a certificate, and lets the node agent in", async () => {
  await using _home = new TestHome();
  const decide = authorizer("pay", ["trader", "ops-*"])!;
  for (const service of ["trader", "ops-night", "nucleus"]) expect(decide(instance(service)), service).toBeUndefined();
  expect(decide(instance("clerk"))).toMatchObject({
    code: "PERMISSION_DENIED",
    message:
      "calling pay: clerk (clerk@1 of node pi (aaaaaaaa) at 192.0.2.7:41641) may not, since its access list does not " +
      'have it. If that is wrong, add "clerk" to [cell.access] allow in the cell.toml of pay, and deploy or run it again.',
    data: { started: false },
  });
  expect(decide({ kind: "anonymous", address: "192.0.2.7:41641" })?.code).toBe("PERMISSION_DENIED");
});

test("a command of another node is told by its process and its node", () => {
  const command = { ...instance("cell"), instance: "26609" };
  expect(authorizer("pay", ["trader"])!(command)?.message).toContain(
    "commands at a shell and scripts (cell), such as process 26609 of node pi (aaaaaaaa) at 192.0.2.7:41641, may not",
  );
});

test("on this machine the lock of the caller's process decides, and who holds none is a command", async () => {
  await using _home = new TestHome();
  const decide = authorizer("pay", ["trader"])!;
  const refused = decide(HERE)!;
  expect(refused.code).toBe("PERMISSION_DENIED");
  expect(refused.message).toContain(
    `commands at a shell and scripts (cell), such as process ${process.pid} of user 0, may not`,
  );
  expect(refused.message).toContain('add "cell" to [cell.access] allow in the cell.toml of pay');
  expect(authorizer("pay", ["cell"])!(HERE)).toBeUndefined();
  const trader = await claimName("trader");
  expect(decide(HERE)).toBeUndefined();
  trader.release();
  const nucleus = await claimName("nucleus");
  expect(decide(HERE)).toBeUndefined();
  nucleus.release();
});

test("what is no pattern is refused before anything is served", () => {
  expect(() => authorizer("pay", ["Trader"])).toThrow('found "Trader"');
});

test("a service with a list answers whom it names, and tells others why not, without executing or trying again", async () => {
  await using home = new TestHome();
  let calls = 0;
  const pay = () => ++calls;
  await serveHandlers(home, "closed", { pay }, undefined, { allow: ["trader"] });
  await serveHandlers(home, "open", { pay }, undefined, { allow: ["closed", "op*"] });
  for (const transport of ["uds", "auto"] as const) {
    // This process serves both, and is of the first name that its locks say.
    const open = await connectService("open", { transport });
    expect(await open.call("pay", [])).toBe(calls);
    await open.close();
    const closed = await connectService("closed", { transport });
    const before = calls;
    await expect(closed.call("pay", [])).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    expect(calls).toBe(before);
    expect((await closed.stats()).calls).toBe(0);
    await closed.close();
  }
});

test("instances of a deployed service are known by their own locks", async () => {
  await using home = new TestHome();
  using processes = new InstanceProcesses();
  const { pid } = await processes.start(home, { name: "trader", number: 2 });
  expect(authorizer("pay", ["trader"])!({ kind: "process", uid: 0, pid })).toBeUndefined();
  expect(authorizer("pay", ["cell"])!({ kind: "process", uid: 0, pid })?.message).toContain(
    "calling pay: trader (process",
  );
});
