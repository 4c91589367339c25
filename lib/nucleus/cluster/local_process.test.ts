import { expect, test } from "bun:test";
import { memoryLinks, type Peer } from "../../net/mod.ts";
import { createClient, createServer } from "../../rpc/mod.ts";
import { finishSchema } from "../../schema/mod.ts";
import { claimName } from "../../service/mod.ts";
import { TestHome } from "../../service/testing/mod.ts";
import { LocalProcess } from "./local_process.ts";

const schema = finishSchema({
  name: "agent",
  methods: { ask: { params: [], result: { kind: "unknown" } } },
  types: {},
});
const own: Peer = { kind: "process", pid: process.pid, uid: 0 };

/** What `ask` gives when `peer` calls. */
async function asCaller(peer: Peer, ask: () => void): Promise<unknown> {
  const [there, here] = memoryLinks();
  Object.defineProperty(there, "peer", { value: peer });
  const server = createServer({ schema, handlers: { ask: { fn: () => ask() } }, instance: "agent" });
  server.accept(there);
  const client = createClient(here, { schema, service: "agent" });
  try {
    return await client.call("ask", []);
  } finally {
    await client.close();
  }
}

const asserting = (service: string, instance: string) => () =>
  LocalProcess.calling("certifying").assertIs(service, instance);
const offering = (service: string, instance: string) => () =>
  LocalProcess.calling("offering").assertInstance(service, instance);

test("a process that holds a name is that instance, and nobody else", async () => {
  await using home = new TestHome();
  const claim = await claimName("hello");
  home.defer(() => claim.release());
  await asCaller(own, asserting("hello", "hello"));
  await asCaller(own, offering("hello", "hello"));
  await expect(asCaller(own, asserting("hello", "hello@1"))).rejects.toThrow("does not serve hello@1");
  await expect(asCaller(own, asserting("other", "other"))).rejects.toThrow("does not serve other");
  await expect(asCaller(own, asserting("nucleus", "nucleus"))).rejects.toThrow("does not serve nucleus");
});

test("a command is known by its own pid, and offers nothing", async () => {
  await using _home = new TestHome();
  await asCaller(own, asserting("cell", String(process.pid)));
  await expect(asCaller(own, asserting("cell", String(process.pid + 1)))).rejects.toThrow("and calls itself");
  await expect(asCaller(own, offering("cell", String(process.pid)))).rejects.toThrow("does not serve");
});

test("a process that serves does not get around access lists as a command", async () => {
  await using home = new TestHome();
  const claim = await claimName("hello");
  home.defer(() => claim.release());
  await expect(asCaller(own, asserting("cell", String(process.pid)))).rejects.toThrow("it serves hello");
});

test("nobody from another node is certified here, whatever it says", async () => {
  await using _home = new TestHome();
  const identity = { cluster: "a".repeat(32), node: "b".repeat(32), service: "nucleus", instance: "nucleus" };
  const peer: Peer = { kind: "instance", ...identity, nodeName: "pi", address: "" };
  for (const ask of [asserting("cell", String(process.pid)), offering("hello", "hello")]) {
    await expect(asCaller(peer, ask)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  }
});
