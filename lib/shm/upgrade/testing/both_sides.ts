import { Writer } from "../../../base/mod.ts";
import { unknownCodec } from "../../../schema/mod.ts";
import { HEADER_BYTES } from "../../../wire/mod.ts";
import { RING_BYTES_INITIAL } from "../../layout.ts";
import type { UpgradeAction } from "../action.ts";
import { ClientUpgrade } from "../client_upgrade.ts";
import { type UpgradeMessage, writeUpgrade } from "../message.ts";
import { NONCE_BYTES, prove, SECRET_BYTES } from "../proof.ts";
import { ServerUpgrade } from "../server_upgrade.ts";

/** What both sides of a test share, and what nobody does. */
export const SECRET = new Uint8Array(SECRET_BYTES).fill(7);
export const OTHER_SECRET = new Uint8Array(SECRET_BYTES).fill(8);
/** Nonces that are not by chance. */
export const NONCES = { client: new Uint8Array(NONCE_BYTES).fill(1), server: new Uint8Array(NONCE_BYTES).fill(2) };
export const RING_BYTES = 4 * RING_BYTES_INITIAL;
export const FD = { fd: 9 };

/** One right message of every step, for the nonces and the secret above. */
export const RIGHT: { readonly [step in UpgradeMessage["step"]]: UpgradeMessage } = {
  hello: { step: "hello", version: 1, nonce: NONCES.client },
  challenge: {
    step: "challenge",
    nonce: NONCES.server,
    proof: prove("server", SECRET, NONCES),
    ringBytesMax: RING_BYTES,
  },
  offer: { step: "offer", proof: prove("client", SECRET, NONCES), memory: FD, ringBytesMax: RING_BYTES },
  accept: { step: "accept" },
  switch: { step: "switch" },
  refuse: { step: "refuse", reason: "not today" },
};

/** A client whose nonce is known. */
export function client(secret = (): Uint8Array => SECRET, ringBytesMax = RING_BYTES): ClientUpgrade {
  return new ClientUpgrade({ secret, ringBytesMax, nonce: () => NONCES.client });
}

/** A server whose nonce is known. */
export function server(options: Partial<ConstructorParameters<typeof ServerUpgrade>[0]> = {}): ServerUpgrade {
  return new ServerUpgrade({
    isSameUser: true,
    secret: () => SECRET,
    grant: () => RING_BYTES,
    nonce: () => NONCES.server,
    ...options,
  });
}

/** The payload of a message as it travels. */
export function payloadOf(message: UpgradeMessage): Uint8Array {
  const writer = new Writer();
  writeUpgrade(writer, message);
  return writer.written().slice(HEADER_BYTES);
}

/** The payload of anything. */
export function packed(value: unknown): Uint8Array {
  const writer = new Writer();
  unknownCodec("test").encode(value, writer);
  return writer.written().slice();
}

/** What the actions are, in short: "send hello", "createMemory", "violation PERMISSION_DENIED". */
export function named(actions: readonly UpgradeAction[]): string[] {
  return actions.map((action) =>
    action.kind === "send"
      ? `send ${action.message.step}`
      : action.kind === "violation"
      ? `violation ${action.error.code}`
      : action.kind
  );
}

/** The message of a violation, or the reason of giving up. */
export function reasonOf(actions: readonly UpgradeAction[]): string {
  const last = actions.at(-1)!;
  if (last.kind === "violation") return last.error.message;
  return last.kind === "giveUp" ? last.reason : "";
}
