import { decode } from "@msgpack/msgpack";
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createTrust, fingerprintOf, NodeIdentity, readNodeRequest } from "../../net/identity/mod.ts";
import { keyOf } from "../../net/identity/testing/mod.ts";
import { parseSchema } from "../../schema/mod.ts";
import type { JoinAnswer, JoinRequest } from "./peer_schema.ts";
import { agentsDocument } from "./testing/agent_vectors.ts";

interface Document {
  agents: unknown;
  join: unknown;
  own: unknown;
  joining: { request: JoinRequest; arguments: string; answer: JoinAnswer; result: string };
}

const text = readFileSync(join(import.meta.dir, "../../../docs/vectors/agents.json"), "utf8");
const bytesOfJson = (_key: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && "$bytes" in value ? Uint8Array.fromHex(String(value.$bytes)) : value;
const { agents, join: joinSchema, own, joining } = JSON.parse(text, bytesOfJson) as Document;

test("agents.json is what the code makes; `make vectors` writes it again", async () => {
  expect(await agentsDocument()).toBe(text);
});

test("the schemas of what agents are asked are schemas, with their genes", () => {
  expect(Object.keys(parseSchema(agents).methods).sort()).toEqual(
    ["agent", "exchange", "has", "probe", "relay", "renew", "speciesSchema", "wake"],
  );
  expect(Object.keys(parseSchema(joinSchema).methods)).toEqual(["join"]);
  expect(Object.keys(parseSchema(own).methods)).toContain("credentials");
});

test("an independent decoder finds a request in the arguments, and an answer that makes its sender a member", () => {
  expect(decode(Uint8Array.fromHex(joining.arguments))).toEqual([joining.request]);
  expect(decode(Uint8Array.fromHex(joining.result))).toEqual(joining.answer);
  const { certificate, authority } = joining.answer;
  const { name, publicKey } = readNodeRequest(joining.request.request);
  const member = new NodeIdentity(keyOf("bob"), certificate, authority);
  expect({ name: member.name, publicKey: member.publicKey }).toEqual({ name, publicKey });
  expect(fingerprintOf(createTrust(authority).authority.publicKey)).toHaveLength(32);
});
