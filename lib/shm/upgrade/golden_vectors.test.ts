import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Writer } from "../../base/mod.ts";
import { HEADER_BYTES } from "../../wire/mod.ts";
import { ClientUpgrade, ServerUpgrade, type UpgradeAction, writeUpgrade } from "./mod.ts";

const document = JSON.parse(readFileSync(join(import.meta.dir, "../../../docs/vectors/frames.json"), "utf8")) as {
  upgradeSecret: { $bytes: string };
  frames: { name: string; hex: string }[];
};

const secret = (): Uint8Array => Uint8Array.fromHex(document.upgradeSecret.$bytes);
const RING_BYTES_MAX = 1_048_576;

/** The bytes of a golden frame. */
function golden(name: string): Uint8Array {
  return Uint8Array.fromHex(document.frames.find((frame) => frame.name === `upgrade: ${name}`)!.hex);
}

/** The frame that the first of the actions sends. */
function sent([action]: readonly UpgradeAction[]): string {
  if (action?.kind !== "send") throw new Error(`expected a message, found ${action?.kind}`);
  const writer = new Writer();
  writeUpgrade(writer, action.message);
  return writer.written().toHex();
}

function client(): ClientUpgrade {
  return new ClientUpgrade({ secret, nonce: () => new Uint8Array(32).fill(0xc1) });
}

function server(): ServerUpgrade {
  return new ServerUpgrade({
    isSameUser: true,
    secret,
    grant: () => RING_BYTES_MAX,
    nonce: () => new Uint8Array(32).fill(0x5e),
  });
}

test("a client says the golden frames, by descriptor and by name", () => {
  for (
    const [memory, offer] of [
      [{ fd: 17 }, "offer of a descriptor"],
      [{ name: "/cell-R3xvaDJzT0K5cGhbW1_a-Q" }, "offer of a name"],
    ] as const
  ) {
    const upgrade = client();
    expect(sent(upgrade.start())).toBe(golden("hello").toHex());
    expect(upgrade.onPayload(golden("challenge"), HEADER_BYTES)).toEqual([
      { kind: "createMemory", ringBytesMax: RING_BYTES_MAX },
    ]);
    expect(sent(upgrade.onMemoryReady(memory))).toBe(golden(offer).toHex());
    const [receive, ...answer] = upgrade.onPayload(golden("accept"), HEADER_BYTES);
    expect(receive).toEqual({ kind: "startReceivingInRing" });
    expect(sent(answer)).toBe(golden("switch").toHex());
  }
});

test("a server says the golden frames", () => {
  const upgrade = server();
  expect(sent(upgrade.onPayload(golden("hello"), HEADER_BYTES))).toBe(golden("challenge").toHex());
  expect(upgrade.onPayload(golden("offer of a descriptor"), HEADER_BYTES)).toEqual([
    { kind: "openMemory", memory: { fd: 17 }, ringBytesMax: RING_BYTES_MAX },
  ]);
  expect(sent(upgrade.onMemoryReady())).toBe(golden("accept").toHex());
  expect(upgrade.onPayload(golden("switch"), HEADER_BYTES)).toEqual([{ kind: "startReceivingInRing" }]);
});

test("a server refuses another user's client with the golden frame", () => {
  const upgrade = new ServerUpgrade({ isSameUser: false, secret, grant: () => RING_BYTES_MAX });
  expect(sent(upgrade.onPayload(golden("hello"), HEADER_BYTES))).toBe(golden("refuse").toHex());
});
