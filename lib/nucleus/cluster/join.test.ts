import { expect, test } from "bun:test";
import { CellError, MINUTE } from "../../base/mod.ts";
import {
  type Authority,
  createAuthority,
  createToken,
  type JoinToken,
  nodeIdOf,
  parseToken,
} from "../../net/identity/mod.ts";
import { memoryLinks } from "../../net/mod.ts";
import { createServer } from "../../rpc/mod.ts";
import { askToJoin, type Doors } from "./join.ts";
import { JOIN_SCHEMA, type JoinRequest } from "./peer_schema.ts";

const { signal } = new AbortController();
const ADDRESSES = ["192.0.2.1:9043", "192.0.2.2:9043"];

function tokenOf({ fingerprint }: Authority, addresses = ADDRESSES): JoinToken {
  return parseToken(createToken({ fingerprint, addresses, lifetimeMs: 60_000, uses: 1 }, Date.now()).text);
}

/** Nodes at some addresses that let everybody into the cluster of `authority`. */
function doors(authority: Authority, answering: string[], onLan: string[] = []) {
  const dialed: string[] = [];
  const own: Doors = {
    dial(address) {
      dialed.push(address);
      if (!answering.includes(address)) {
        return Promise.reject(new CellError("UNAVAILABLE", `connecting to ${address}: nobody answers`));
      }
      const [there, here] = memoryLinks();
      const join = async ({ request }: JoinRequest) => ({
        certificate: (await authority.issueNode(request, Date.now())).certificatePem,
        authority: authority.certificatePem,
        gossipKeys: new Uint8Array([7]),
        contacts: ["192.0.2.1:9044"],
      });
      createServer({ schema: JOIN_SCHEMA, handlers: { join: { fn: join } }, instance: "door" }).accept(there);
      return Promise.resolve(here);
    },
    seek: () => Promise.resolve(onLan),
  };
  return { own, dialed };
}

test("the first address that answers lets the machine in", async () => {
  const authority = await createAuthority(Date.now());
  const { own, dialed } = doors(authority, [ADDRESSES[1]!]);
  const joined = await askToJoin({ token: tokenOf(authority), address: undefined, name: "two", signal }, own);
  expect(dialed).toEqual(ADDRESSES);
  expect(joined.contacts).toEqual(["192.0.2.1:9044"]);
  expect(nodeIdOf(joined.identity.key.publicKey)).not.toBe(authority.clusterId);
});

test("a machine whose clock nobody would believe does not join, and is told by how much it is wrong", async () => {
  const authority = await createAuthority(Date.now());
  const { own } = doors(authority, ADDRESSES);
  const joinAt = (offMs: number) =>
    askToJoin(
      { token: tokenOf(authority), address: undefined, name: "two", signal, nowMs: () => Date.now() + offMs },
      own,
    ).then(() => "in", (error: CellError) => `${error.code}: ${error.message}`);
  expect(await joinAt(40 * MINUTE)).toStartWith(
    "FAILED_PRECONDITION: joining: this machine's clock is 40 min ahead of the cluster's",
  );
  expect(await joinAt(-12 * MINUTE)).toContain("12 min behind the cluster's");
  expect([await joinAt(8 * MINUTE), await joinAt(-8 * MINUTE)]).toEqual(["in", "in"]);
});

test("where no address answers the LAN is asked, each machine once", async () => {
  const authority = await createAuthority(Date.now());
  const { own, dialed } = doors(authority, ["10.0.0.5:9043"], [ADDRESSES[0]!, "10.0.0.5:9043"]);
  await askToJoin({ token: tokenOf(authority), address: undefined, name: "two", signal }, own);
  expect(dialed).toEqual([...ADDRESSES, "10.0.0.5:9043"]);
});

test("an address that was given is the only one that is asked", async () => {
  const authority = await createAuthority(Date.now());
  const { own, dialed } = doors(authority, [], ["10.0.0.5:9043"]);
  const joining = askToJoin({ token: tokenOf(authority), address: "192.0.2.9:1", name: "two", signal }, own);
  const error = await joining.catch((thrown) => thrown);
  expect(error.message).toContain("connecting to 192.0.2.9:1: nobody answers. Does cell up run there");
  expect(error.message).not.toContain("HOST:PORT");
  expect(dialed).toEqual(["192.0.2.9:1"]);
});

test("who reaches nobody is told what became of each address", async () => {
  const authority = await createAuthority(Date.now());
  const { own } = doors(authority, []);
  const error = await askToJoin({ token: tokenOf(authority), address: undefined, name: "two", signal }, own).catch((
    thrown,
  ) => thrown);
  expect(error.code).toBe("UNAVAILABLE");
  for (const address of ADDRESSES) expect(error.message).toContain(address);
  expect(error.message).toContain("on the LAN");
});

test("a node of another cluster is not believed, and nobody else is asked", async () => {
  const [mine, other] = [await createAuthority(Date.now()), await createAuthority(Date.now())];
  const { own, dialed } = doors(other, ADDRESSES);
  const joining = askToJoin({ token: tokenOf(mine), address: undefined, name: "two", signal }, own);
  await expect(joining).rejects.toThrow("another cluster's than the token's");
  expect(dialed).toHaveLength(1);
});

test("a machine whose agent ends asks nobody any more, and says why", async () => {
  const authority = await createAuthority(Date.now());
  const { own, dialed } = doors(authority, []);
  const ending = new AbortController();
  const dial: Doors["dial"] = (address, fingerprint, given) => {
    ending.abort(new CellError("CANCELLED", "the agent is going down"));
    return own.dial(address, fingerprint, given);
  };
  const attempt = { token: tokenOf(authority), address: undefined, name: "two", signal: ending.signal };
  await expect(askToJoin(attempt, { ...own, dial })).rejects.toThrow("the agent is going down");
  expect(dialed).toEqual([ADDRESSES[0]!]);
});

test("where somebody answered and was not taken for the cluster, that is what is said first, and nothing of ports", async () => {
  const authority = await createAuthority(Date.now());
  const { own } = doors(authority, []);
  const dial: Doors["dial"] = (address, fingerprint, given) =>
    address === ADDRESSES[1]
      ? Promise.reject(new CellError("UNAUTHENTICATED", `connecting to ${address}: the clock is wrong. Set it.`))
      : own.dial(address, fingerprint, given);
  const joining = askToJoin({ token: tokenOf(authority), address: undefined, name: "two", signal }, { ...own, dial });
  const error = await joining.catch((thrown) => thrown);
  expect(error.code).toBe("UNAUTHENTICATED");
  expect(error.message).toStartWith(
    `joining: connecting to ${ADDRESSES[1]}: the clock is wrong. Set it; connecting to`,
  );
  expect(error.message).not.toMatch(/ports|[.,]{2}/);
});
