import { expect, test } from "bun:test";
import { CellError } from "../../base/mod.ts";
import { RING_BYTES_INITIAL } from "../layout.ts";
import type { UpgradeMessage } from "./message.ts";
import { freshNonce, prove } from "./proof.ts";
import { ServerUpgrade } from "./server_upgrade.ts";
import {
  FD,
  named,
  NONCES,
  OTHER_SECRET,
  packed,
  payloadOf,
  reasonOf,
  RIGHT,
  RING_BYTES,
  SECRET,
  server,
} from "./testing/both_sides.ts";

type Step = UpgradeMessage["step"];

/** A server in each of its states, and what it takes there. */
const STATES: { readonly [name: string]: { make(): ServerUpgrade; takes: { readonly [step in Step]?: string[] } } } = {
  waiting: { make: () => server(), takes: { hello: ["send challenge"] } },
  challenged: { make: challenged, takes: { offer: ["openMemory"] } },
  opening: { make: opening, takes: {} },
  accepted: { make: accepted, takes: { switch: ["startReceivingInRing"] } },
  moved: { make: moved, takes: {} },
  onSocket: { make: onSocket, takes: {} },
};

function challenged(): ServerUpgrade {
  const upgrade = server();
  upgrade.onPayload(payloadOf(RIGHT.hello));
  return upgrade;
}

function opening(): ServerUpgrade {
  const upgrade = challenged();
  upgrade.onPayload(payloadOf(RIGHT.offer));
  return upgrade;
}

function accepted(): ServerUpgrade {
  const upgrade = opening();
  upgrade.onMemoryReady();
  return upgrade;
}

function moved(): ServerUpgrade {
  const upgrade = accepted();
  upgrade.onPayload(payloadOf(RIGHT.switch));
  return upgrade;
}

function onSocket(): ServerUpgrade {
  const upgrade = server({ grant: () => undefined });
  upgrade.onPayload(payloadOf(RIGHT.hello));
  return upgrade;
}

test("a server challenges, maps what is offered, accepts, and reads the ring after the switch", () => {
  const upgrade = server();
  expect(upgrade.onPayload(payloadOf(RIGHT.hello))).toEqual([{ kind: "send", message: RIGHT.challenge }]);
  expect(upgrade.onPayload(payloadOf(RIGHT.offer))).toEqual([
    { kind: "openMemory", memory: FD, ringBytesMax: RING_BYTES },
  ]);
  expect(upgrade.onMemoryReady()).toEqual([
    { kind: "send", message: { step: "accept" } },
    { kind: "startSendingInRing" },
  ]);
  expect(upgrade.onPayload(payloadOf(RIGHT.switch))).toEqual([{ kind: "startReceivingInRing" }]);
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

test("bytes that are no message end the connection in every state", () => {
  for (const { make } of Object.values(STATES)) {
    const upgrade = make();
    expect(named(upgrade.onPayload(Uint8Array.of(0xc1)))).toEqual(["violation INVALID_ARGUMENT"]);
    expect(upgrade.onPayload(Uint8Array.of(0xc1))).toEqual([]);
  }
});

test("a hello of another version is refused with the version that is spoken, at the beginning only", () => {
  const hello = packed({ step: "hello", version: 2, keys: [1, 2] });
  const actions = server().onPayload(hello);
  expect(named(actions)).toEqual(["send refuse", "giveUp"]);
  expect(reasonOf(actions)).toBe("version 1 of shared memory is spoken here, not version 2");
  expect(named(challenged().onPayload(hello))).toEqual(["violation INVALID_ARGUMENT"]);
  expect(named(moved().onPayload(hello))).toEqual(["violation INVALID_ARGUMENT"]);
});

test("who cannot be served is refused with the reason and stays on the socket", () => {
  const cases: [options: Parameters<typeof server>[0], reason: string][] = [
    [{ isSameUser: false }, "shared memory is for processes of one user"],
    [{ grant: () => undefined }, "this server has given out all the memory that it may"],
    [{
      secret: () => {
        throw new CellError("PERMISSION_DENIED", "reading the key: not yours");
      },
    }, "reading the key: not yours"],
    [{ secret: () => new Uint8Array(3) }, "proving who this is: expected a secret of 32 bytes, found 3"],
  ];
  for (const [options, reason] of cases) {
    const upgrade = server(options);
    expect(upgrade.onPayload(payloadOf(RIGHT.hello))).toEqual([
      { kind: "send", message: { step: "refuse", reason } },
      { kind: "giveUp", reason },
    ]);
    expect(named(upgrade.onPayload(payloadOf(RIGHT.hello)))).toEqual(["violation INVALID_ARGUMENT"]);
  }
});

test("another user's client learns nothing of secret and memory", () => {
  const asked: string[] = [];
  server({
    isSameUser: false,
    secret: () => {
      asked.push("secret");
      return SECRET;
    },
    grant: () => {
      asked.push("grant");
      return RING_BYTES;
    },
  }).onPayload(payloadOf(RIGHT.hello));
  expect(asked).toEqual([]);
});

test("an offer with a wrong proof is refused and ends the connection with PERMISSION_DENIED", () => {
  const proofs = {
    otherSecret: prove("client", OTHER_SECRET, NONCES),
    otherConnection: prove("client", SECRET, { ...NONCES, server: freshNonce() }),
    reflected: prove("server", SECRET, NONCES),
    nothing: new Uint8Array(32),
  };
  for (const [name, proof] of Object.entries(proofs)) {
    const upgrade = challenged();
    const actions = upgrade.onPayload(payloadOf({ ...RIGHT.offer, proof } as UpgradeMessage));
    expect(named(actions), name).toEqual(["send refuse", "violation PERMISSION_DENIED"]);
    expect(reasonOf(actions)).toContain("the client's proof is wrong");
    expect(upgrade.onPayload(payloadOf(RIGHT.offer)), name).toEqual([]);
  }
});

test("an offer of an earlier connection is worth nothing on the next, though the hello is the same", () => {
  const first = new ServerUpgrade({ isSameUser: true, secret: () => SECRET, grant: () => RING_BYTES });
  const second = new ServerUpgrade({ isSameUser: true, secret: () => SECRET, grant: () => RING_BYTES });
  const [challenge] = first.onPayload(payloadOf(RIGHT.hello));
  const { nonce } = (challenge as { message: { nonce: Uint8Array } }).message;
  const proof = prove("client", SECRET, { client: NONCES.client, server: nonce });
  const offer = payloadOf({ ...RIGHT.offer, proof } as UpgradeMessage);
  expect(named(second.onPayload(payloadOf(RIGHT.hello)))).toEqual(["send challenge"]);
  expect(named(first.onPayload(offer))).toEqual(["openMemory"]);
  expect(named(second.onPayload(offer))).toEqual(["send refuse", "violation PERMISSION_DENIED"]);
});

test("an offer of larger rings than were granted ends the connection, one of smaller rings is taken", () => {
  const offer = (ringBytesMax: number): Uint8Array => payloadOf({ ...RIGHT.offer, ringBytesMax } as UpgradeMessage);
  const actions = challenged().onPayload(offer(RING_BYTES * 2));
  expect(named(actions)).toEqual(["violation INVALID_ARGUMENT"]);
  expect(reasonOf(actions)).toContain(`expected rings of at most ${RING_BYTES} bytes`);
  expect(challenged().onPayload(offer(RING_BYTES_INITIAL))).toEqual([
    { kind: "openMemory", memory: FD, ringBytesMax: RING_BYTES_INITIAL },
  ]);
});

test("the secret that challenged is the one that is compared with", () => {
  let secret = SECRET;
  const upgrade = server({ secret: () => secret });
  upgrade.onPayload(payloadOf(RIGHT.hello));
  secret = OTHER_SECRET;
  expect(named(upgrade.onPayload(payloadOf(RIGHT.offer)))).toEqual(["openMemory"]);
});

test("memory that cannot be mapped is refused with the reason, and the connection stays on the socket", () => {
  const upgrade = opening();
  expect(upgrade.onMemoryFailed(new CellError("FAILED_PRECONDITION", "expected 266240 bytes, found 3"))).toEqual([
    { kind: "send", message: { step: "refuse", reason: "expected 266240 bytes, found 3" } },
    { kind: "giveUp", reason: "expected 266240 bytes, found 3" },
  ]);
  expect(named(upgrade.onPayload(payloadOf(RIGHT.offer)))).toEqual(["violation INVALID_ARGUMENT"]);
});

test("a driver that calls out of turn is a defect that shows", () => {
  for (const make of [() => server(), challenged, accepted, moved, onSocket]) {
    expect(() => make().onMemoryReady()).toThrow("memory was asked for");
    expect(() => make().onMemoryFailed(new Error("x"))).toThrow("memory was asked for");
  }
  expect(() => server({ grant: () => 5 }).onPayload(payloadOf(RIGHT.hello))).toThrow("power of two");
});
