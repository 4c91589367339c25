import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { CellError } from "../../base/mod.ts";
import {
  type Authority,
  createAuthority,
  createKeyPair,
  createNodeRequest,
  nodeIdOf,
  parseToken,
} from "../../net/identity/mod.ts";
import { ClusterFile } from "./cluster_file.ts";
import { ARRIVAL_MS_MAX, Gatekeeper, type GatekeeperOptions } from "./gatekeeper.ts";
import { Tokens } from "./tokens.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "cell-test-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function world(
  managers: readonly string[] = [],
  held: "held" | "elsewhere" = "held",
  holderOf: GatekeeperOptions["holderOf"] = () => undefined,
) {
  const authority: Authority = await createAuthority(Date.now());
  const tokens = new Tokens(new ClusterFile(path.join(folder, "cluster.json")), (secret) => secret);
  const { token } = tokens.create({ uses: 10 }, { fingerprint: authority.fingerprint, addresses: [] });
  const names = new Map<string, string>();
  const state = { nowMs: 0, names, revoked: new Set<string>() };
  const keeper = new Gatekeeper({
    authority: () => held === "held" ? authority : undefined,
    tokens,
    managers,
    isRevoked: (node) => state.revoked.has(node),
    holderOf,
    nameOf: (node) => names.get(node),
    gossipKeys: () => new Uint8Array(),
    contacts: () => [],
    log: () => {},
    nowMs: () => state.nowMs,
  });
  const { secret } = parseToken(token);
  const join = (name: string, key = createKeyPair()) =>
    keeper.admit({ secret, request: createNodeRequest(key, name) }, "a");
  return { keeper, state, join, tokens };
}

test("of two machines that join with one name at the same time one gets it, until gossip knows better", async () => {
  const { join, state } = await world();
  const outcomes = await Promise.allSettled([join("two"), join("two")]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  await expect(join("two")).rejects.toThrow("has this name");
  state.nowMs = ARRIVAL_MS_MAX;
  await join("two");
});

test("a manager that is meant by its id is nobody who has that id for a name", async () => {
  const [boss, other] = ["b".repeat(32), "c".repeat(32)];
  const { keeper, state } = await world([boss]);
  state.names.set(boss, "boss").set(other, boss);
  expect([boss, other].map((node) => keeper.isManager(node))).toEqual([true, false]);
});

test("managers are known by the name in their certificate, and everybody is one where that is said", async () => {
  const { keeper, state } = await world(["boss"]);
  state.names.set("a", "boss").set("b", "two");
  expect(["a", "b", "unknown"].map((node) => keeper.isManager(node))).toEqual([true, false, false]);
  expect((await world(["*"])).keeper.isManager("unknown")).toBe(true);
});

test("a node without the authority's key lets nobody in and renews nothing", async () => {
  const { keeper, join } = await world([], "elsewhere");
  await expect(join("two")).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  await expect(keeper.renew(new Uint8Array(), "a")).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
});

test("a machine that was let in and removed at once can come back under its name", async () => {
  const { join, state } = await world();
  const key = createKeyPair();
  await join("two", key);
  state.revoked.add(nodeIdOf(key.publicKey));
  await join("two");
});

test("who comes before this node's gossip has begun is told to try again, and the token can still be used", async () => {
  const { join, tokens } = await world([], "held", () => {
    throw new CellError("UNAVAILABLE", "the network of this node is being turned on");
  });
  await expect(join("two")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(tokens.open().map(({ usesLeft }) => usesLeft)).toEqual([10]);
});
