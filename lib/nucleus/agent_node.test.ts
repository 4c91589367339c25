import { expect, test } from "bun:test";
import { memoryLinks } from "../net/mod.ts";
import { createClient } from "../rpc/mod.ts";
import { AgentNode, FOR_OTHERS } from "./agent_node.ts";
import { NUCLEUS_SCHEMA } from "./client/mod.ts";

/** An agent whose methods tell that they were called. */
function world() {
  const called: string[] = [];
  const part = Object.fromEntries(
    Object.keys(NUCLEUS_SCHEMA.methods).map((name) => [name, () => {
      called.push(name);
      return Promise.reject(new Error(`${name} was called`));
    }]),
  );
  const node = new AgentNode(undefined as never, [part], () => {});
  const [there, here] = memoryLinks();
  node.acceptAgent(there);
  return { called, client: createClient(here, { schema: NUCLEUS_SCHEMA, service: "nucleus" }) };
}

test("a command at another node gets what is meant for it, and not what is this node's processes' own", async () => {
  const { called, client } = world();
  const own = ["advertise", "credentials", "heartbeat", "lookup", "register", "services"];
  const membership = ["createToken", "join", "leave", "removeMember", "revokeToken", "tokens", "tunnel"];
  const all = Object.keys(NUCLEUS_SCHEMA.methods).toSorted();
  expect([...FOR_OTHERS, ...own, ...membership].toSorted()).toEqual(all);
  await expect(client.call("tokens", [])).rejects.toThrow("only this node's own processes may");
  await expect(client.call("createToken", [{}])).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  await expect(client.call("leave", [])).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  expect(called).toEqual([]);
  await expect(client.call("status", [])).rejects.toThrow("status was called");
  await client.close();
});
