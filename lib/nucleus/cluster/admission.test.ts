import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createAuthority,
  createKeyPair,
  createNodeRequest,
  NodeIdentity,
  nodeIdOf,
  parseToken,
} from "../../net/identity/mod.ts";
import { admit, type Door } from "./admission.ts";
import { ClusterFile } from "./cluster_file.ts";
import { Tokens } from "./tokens.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-test-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function door(overrides: Partial<Door> = {}): Promise<Door & { secret: Uint8Array }> {
  const authority = await createAuthority(Date.now());
  const tokens = new Tokens(new ClusterFile(join(folder, "cluster.json")), (secret) => secret);
  const { token } = tokens.create({}, { fingerprint: authority.fingerprint, addresses: [] });
  return {
    authority,
    tokens,
    secret: parseToken(token).secret,
    isRevoked: () => false,
    holderOf: () => undefined,
    gossipKeys: () => new Uint8Array([1, 2, 3]),
    contacts: () => Array.from({ length: 20 }, (_, index) => `192.0.2.${index}:9044`),
    log: () => {},
    ...overrides,
  };
}

test("who shows a token becomes a member under its own key", async () => {
  const open = await door();
  const key = createKeyPair();
  const answer = await admit({ secret: open.secret, request: createNodeRequest(key, "two") }, "192.0.2.9", open);
  const identity = new NodeIdentity(key, answer.certificate, answer.authority);
  expect([identity.name, identity.nodeId]).toEqual(["two", nodeIdOf(key.publicKey)]);
  expect([...answer.gossipKeys]).toEqual([1, 2, 3]);
  expect(answer.contacts).toHaveLength(8);
});

test("a token is used by who comes first", async () => {
  const open = await door();
  const request = () => createNodeRequest(createKeyPair(), "two");
  const both = [
    admit({ secret: open.secret, request: request() }, "a", open),
    admit({ secret: open.secret, request: request() }, "b", open),
  ];
  const outcomes = await Promise.allSettled(both);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
});

test("a name that a living member has is refused, and the token can still be used", async () => {
  const other = "b".repeat(32);
  const open = await door({ holderOf: (name) => name === "two" ? other : undefined });
  const asked = (name: string) =>
    admit({ secret: open.secret, request: createNodeRequest(createKeyPair(), name) }, "a", open);
  await expect(asked("two")).rejects.toThrow(
    "node bbbbbbbb has this name. Give this machine another one: id in its node.toml, then cell restart nucleus.",
  );
  await asked("three");
});

test("who guesses a token does not learn which names there are", async () => {
  const open = await door({ holderOf: () => "b".repeat(32) });
  const request = createNodeRequest(createKeyPair(), "two");
  await expect(admit({ secret: new Uint8Array(16), request }, "a", open)).rejects.toThrow("does not know it");
});

test("a node that was removed does not come back under its key", async () => {
  const key = createKeyPair();
  const open = await door({ isRevoked: (node) => node === nodeIdOf(key.publicKey) });
  const request = createNodeRequest(key, "two");
  await expect(admit({ secret: open.secret, request }, "a", open)).rejects.toThrow("was removed from this cluster");
});

test("what is no request takes no use of a token", async () => {
  const open = await door();
  const request = createNodeRequest(createKeyPair(), "two");
  request[40]! ^= 1;
  await expect(admit({ secret: open.secret, request }, "a", open)).rejects.toThrow("reading a node's request");
  expect(open.tokens.open()).toHaveLength(1);
});
