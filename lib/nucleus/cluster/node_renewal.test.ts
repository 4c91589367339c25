import { expect, test } from "bun:test";
import {
  type AdoptedIdentity,
  type Authority,
  createAuthority,
  createKeyPair,
  createNodeRequest,
  NODE_LIFETIME_MS,
  NodeIdentity,
  type StoredIdentity,
} from "../../net/identity/mod.ts";
import { NodeRenewal, RENEW_NODE_AFTER_MS } from "./node_renewal.ts";
import type { PeerCalls } from "./peers.ts";

const START_MS = Date.UTC(2030, 0, 1);

/** A node that was certified at START_MS, and agents that answer as `answers` say. */
async function world(answers: (authority: Authority) => ((request: Uint8Array) => Promise<string>)[]) {
  const authority = await createAuthority(START_MS);
  const key = createKeyPair();
  const { certificatePem } = await authority.issueNode(createNodeRequest(key, "two"), START_MS);
  const state = {
    nowMs: START_MS,
    stored: {
      node: new NodeIdentity(key, certificatePem, authority.certificatePem),
      authority: undefined,
    } as StoredIdentity,
    adopted: 0,
    lines: [] as string[],
  };
  const renewal = new NodeRenewal({
    current: () => state.stored,
    authorities: () => answers(authority).map((renew) => ({ renew }) as unknown as PeerCalls),
    adopt: ({ key, certificatePem, authorityPem }: AdoptedIdentity) => {
      state.adopted++;
      state.stored = { ...state.stored, node: new NodeIdentity(key, certificatePem, authorityPem) };
    },
    log: (line) => state.lines.push(line),
    nowMs: () => state.nowMs,
  });
  return { state, renewal, authority };
}

test("a node asks for a new certificate when two thirds of its life are over, once", async () => {
  let asked = 0;
  const { state, renewal } = await world((authority) => [async (request) => {
    asked++;
    return (await authority.issueNode(request, state.nowMs)).certificatePem;
  }]);
  using _renewal = renewal;
  state.nowMs = START_MS + RENEW_NODE_AFTER_MS - 60_000;
  await renewal.check();
  expect(asked).toBe(0);
  state.nowMs = START_MS + RENEW_NODE_AFTER_MS;
  await Promise.all([renewal.check(), renewal.check()]);
  await renewal.check();
  expect([asked, state.adopted]).toEqual([1, 1]);
  expect(state.stored.node.notAfterMs).toBe(state.nowMs + NODE_LIFETIME_MS);
});

test("who only says that it holds the authority's key does not keep a node from its certificate", async () => {
  const other = await createAuthority(START_MS);
  const { state, renewal } = await world((authority) => [
    () => Promise.resolve("nonsense"),
    async (request) => (await other.issueNode(request, state.nowMs)).certificatePem,
    async () => (await authority.issueNode(createNodeRequest(createKeyPair(), "two"), state.nowMs)).certificatePem,
    async (request) => (await authority.issueNode(request, START_MS - 60_000)).certificatePem,
    async (request) => (await authority.issueNode(request, state.nowMs)).certificatePem,
  ]);
  using _renewal = renewal;
  state.nowMs = START_MS + RENEW_NODE_AFTER_MS;
  await renewal.check();
  expect(state.stored.node.notAfterMs).toBe(state.nowMs + NODE_LIFETIME_MS);
});

test("what comes after the end is not adopted: the node may be of another cluster by then", async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const { state, renewal } = await world((authority) => [async (request) => {
    asked.resolve();
    await answer.promise;
    return (await authority.issueNode(request, state.nowMs)).certificatePem;
  }]);
  state.nowMs = START_MS + RENEW_NODE_AFTER_MS;
  const checking = renewal.check();
  await asked.promise;
  renewal[Symbol.dispose]();
  answer.resolve();
  await checking;
  expect([state.adopted, state.lines]).toEqual([0, []]);
});

test("a node whose certificate has expired says what to do", async () => {
  const { state, renewal } = await world(() => []);
  using _renewal = renewal;
  state.nowMs = START_MS + NODE_LIFETIME_MS - 3_600_000 * 5;
  await renewal.check();
  expect(state.lines.at(-1)).toContain("which is good for 5 hours: no node that holds the authority's key is there");
  state.nowMs = START_MS + NODE_LIFETIME_MS + 1;
  await renewal.check();
  expect(state.lines.at(-1)).toContain("cell leave, then join again with a new token: cell join TOKEN");
});
