import { expect, test } from "bun:test";
import { CellError } from "../../base/mod.ts";
import type { Directory } from "../directory.ts";
import { OwnMachine } from "./own_machine.ts";
import { FakeAgent, knownOn, ownNode } from "./testing/fake_agent.ts";

const absent = new CellError("NOT_FOUND", "no service named hello is running here.");

function directoryOf(agent: FakeAgent, find: () => Promise<never[]> = () => Promise.reject(absent)): Directory {
  return new OwnMachine({ local: { list: () => Promise.resolve([]), find }, agent, transport: "shm" });
}

test("who insists on shared memory is told where a service runs that this machine does not have", async () => {
  const agent = new FakeAgent(ownNode("here"));
  agent.catalog.set("1", knownOn(ownNode("board")));
  agent.catalog.set("2", knownOn(ownNode("board"), { instance: "hello@2" }));
  agent.catalog.set("3", knownOn(ownNode("vps")));
  await expect(directoryOf(agent).find("hello")).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    message: "connecting to hello: the transport shm reaches this machine only, and hello runs on board, vps. " +
      "Use the transport auto, quic or tls.",
    data: { started: false },
  });
});

test("what nobody has is missing as before, and what is here is not asked about", async () => {
  const agent = new FakeAgent(ownNode("here"));
  await expect(directoryOf(agent).find("hello")).rejects.toBe(absent);
  expect(agent.asked).toEqual(["discover hello"]);
  expect(await directoryOf(agent, () => Promise.resolve([])).find("hello")).toEqual([]);
  agent.current = "offline";
  await expect(directoryOf(agent).find("hello")).rejects.toBe(absent);
  expect(agent.asked).toEqual(["discover hello"]);
});
