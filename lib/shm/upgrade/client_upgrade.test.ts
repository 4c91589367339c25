import { expect, test } from "bun:test";
import { CellError } from "../../base/mod.ts";
import { RING_BYTES_INITIAL, RING_BYTES_MAX } from "../layout.ts";
import { ClientUpgrade } from "./client_upgrade.ts";
import type { UpgradeMessage } from "./message.ts";
import { freshNonce, prove } from "./proof.ts";
import { client, FD, named, NONCES, OTHER_SECRET, payloadOf, reasonOf, RIGHT, SECRET } from "./testing/both_sides.ts";

type Step = UpgradeMessage["step"];

/** A client in each of its states, and what it takes there. */
const STATES: { readonly [name: string]: { make(): ClientUpgrade; takes: { readonly [step in Step]?: string[] } } } = {
  idle: { make: () => client(), takes: {} },
  greeted: { make: greeted, takes: { challenge: ["createMemory"], refuse: ["giveUp"] } },
  creating: { make: creating, takes: {} },
  offered: {
    make: offered,
    takes: { accept: ["startReceivingInRing", "send switch", "startSendingInRing"], refuse: ["giveUp"] },
  },
  moved: { make: moved, takes: {} },
  onSocket: { make: onSocket, takes: {} },
};

function greeted(): ClientUpgrade {
  const upgrade = client();
  upgrade.start();
  return upgrade;
}

function creating(): ClientUpgrade {
  const upgrade = greeted();
  upgrade.onPayload(payloadOf(RIGHT.challenge));
  return upgrade;
}

function offered(): ClientUpgrade {
  const upgrade = creating();
  upgrade.onMemoryReady(FD);
  return upgrade;
}

function moved(): ClientUpgrade {
  const upgrade = offered();
  upgrade.onPayload(payloadOf(RIGHT.accept));
  return upgrade;
}

function onSocket(): ClientUpgrade {
  const upgrade = greeted();
  upgrade.onPayload(payloadOf(RIGHT.refuse));
  return upgrade;
}

test("a client says hello, answers the challenge with an offer, and switches when it is accepted", () => {
  const upgrade = client();
  expect(upgrade.start()).toEqual([{ kind: "send", message: RIGHT.hello }]);
  expect(upgrade.onPayload(payloadOf(RIGHT.challenge))).toEqual([{ kind: "createMemory", ringBytesMax: 131_072 }]);
  expect(upgrade.onMemoryReady(FD)).toEqual([{ kind: "send", message: RIGHT.offer }]);
  expect(upgrade.onPayload(payloadOf(RIGHT.accept))).toEqual([
    { kind: "startReceivingInRing" },
    { kind: "send", message: { step: "switch" } },
    { kind: "startSendingInRing" },
  ]);
});

test("every message in every state does what the table says, or ends the connection once", () => {
  for (const [name, { make, takes }] of Object.entries(STATES)) {
    for (const [step, message] of Object.entries(RIGHT) as [Step, UpgradeMessage][]) {
      const upgrade = make();
      const actions = upgrade.onPayload(payloadOf(message));
      expect(named(actions), `${step} in state ${name}`).toEqual(takes[step] ?? ["violation INVALID_ARGUMENT"]);
      if (takes[step] !== undefined) continue;
      expect(reasonOf(actions)).toContain(`found step ${step}`);
      for (const further of Object.values(RIGHT)) expect(upgrade.onPayload(payloadOf(further))).toEqual([]);
    }
  }
});

test("a violation says what was expected", () => {
  expect(reasonOf(greeted().onPayload(payloadOf(RIGHT.accept)))).toBe(
    "moving a connection into shared memory: expected challenge or refuse, found step accept",
  );
  expect(reasonOf(moved().onPayload(payloadOf(RIGHT.accept)))).toContain("expected nothing any more");
});

test("bytes that are no message end the connection in every state", () => {
  for (const { make } of Object.values(STATES)) {
    const upgrade = make();
    expect(named(upgrade.onPayload(Uint8Array.of(0xc1)))).toEqual(["violation INVALID_ARGUMENT"]);
    expect(upgrade.onPayload(Uint8Array.of(0xc1))).toEqual([]);
  }
});

test("a server without the secret gets no memory, and the connection stays on the socket", () => {
  const proofs = {
    otherSecret: prove("server", OTHER_SECRET, NONCES),
    otherConnection: prove("server", SECRET, { ...NONCES, client: freshNonce() }),
    otherNonce: prove("server", SECRET, { ...NONCES, server: freshNonce() }),
    reflected: prove("client", SECRET, NONCES),
    nothing: new Uint8Array(32),
  };
  for (const [name, proof] of Object.entries(proofs)) {
    const upgrade = greeted();
    const actions = upgrade.onPayload(payloadOf({ ...RIGHT.challenge, proof } as UpgradeMessage));
    expect(named(actions), name).toEqual(["giveUp"]);
    expect(reasonOf(actions)).toMatch(/the server's proof is wrong: .* keys\/local\.key .* Use one CELL_HOME for both/);
    expect(named(upgrade.onPayload(payloadOf(RIGHT.accept)))).toEqual(["violation INVALID_ARGUMENT"]);
  }
});

test("a client with another secret gives up", () => {
  const upgrade = client(() => OTHER_SECRET);
  upgrade.start();
  expect(named(upgrade.onPayload(payloadOf(RIGHT.challenge)))).toEqual(["giveUp"]);
});

test("a secret that cannot be read is a reason to stay, and is asked for at the challenge only", () => {
  let asked = 0;
  const upgrade = client(() => {
    asked++;
    throw new CellError("PERMISSION_DENIED", "reading the key: not yours");
  });
  upgrade.start();
  expect(asked).toBe(0);
  expect(upgrade.onPayload(payloadOf(RIGHT.challenge))).toEqual([
    { kind: "giveUp", reason: "reading the key: not yours" },
  ]);
  expect(asked).toBe(1);
});

test("a secret of another length is a reason to stay", () => {
  const upgrade = client(() => new Uint8Array(0));
  upgrade.start();
  expect(reasonOf(upgrade.onPayload(payloadOf(RIGHT.challenge)))).toContain("expected a secret of 32 bytes, found 0");
});

test("memory that cannot be made is a reason to stay", () => {
  const upgrade = creating();
  expect(upgrade.onMemoryFailed(new CellError("RESOURCE_EXHAUSTED", "no memory"))).toEqual([
    { kind: "giveUp", reason: "no memory" },
  ]);
  expect(named(upgrade.onPayload(payloadOf(RIGHT.accept)))).toEqual(["violation INVALID_ARGUMENT"]);
});

test("a refusal's reason is told", () => {
  for (const make of [greeted, offered]) {
    expect(make().onPayload(payloadOf(RIGHT.refuse))).toEqual([
      { kind: "giveUp", reason: "the server refuses: not today" },
    ]);
  }
});

test("rings grow to what both sides allow", () => {
  for (
    const [own, servers, expected] of [
      [RING_BYTES_MAX, RING_BYTES_INITIAL, RING_BYTES_INITIAL],
      [RING_BYTES_INITIAL, RING_BYTES_MAX, RING_BYTES_INITIAL],
      [undefined, RING_BYTES_MAX, RING_BYTES_MAX],
    ] as const
  ) {
    const upgrade = new ClientUpgrade({
      secret: () => SECRET,
      nonce: () => NONCES.client,
      ...(own === undefined ? {} : { ringBytesMax: own }),
    });
    upgrade.start();
    const challenge = { ...RIGHT.challenge, ringBytesMax: servers } as UpgradeMessage;
    expect(upgrade.onPayload(payloadOf(challenge))).toEqual([{ kind: "createMemory", ringBytesMax: expected }]);
    expect(upgrade.onMemoryReady({ name: "/cell-a" })).toMatchObject([
      { message: { memory: { name: "/cell-a" }, ringBytesMax: expected } },
    ]);
  }
});

test("each connection has a nonce of its own", () => {
  const nonceOf = (): string =>
    JSON.stringify(new ClientUpgrade({ secret: () => SECRET }).start().map((action) => ({ ...action })));
  expect(nonceOf()).not.toBe(nonceOf());
});

test("a driver that calls out of turn is a defect that shows", () => {
  expect(() => greeted().start()).toThrow("a connection is moved once");
  for (const make of [() => client(), greeted, offered, moved, onSocket]) {
    expect(() => make().onMemoryReady(FD)).toThrow("memory was asked for");
    expect(() => make().onMemoryFailed(new Error("x"))).toThrow("memory was asked for");
  }
  expect(() => client(() => SECRET, RING_BYTES_INITIAL + 1)).toThrow("power of two");
});
