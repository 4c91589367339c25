import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The right proof of one side: HMAC-SHA256 with the secret of the home, over label and nonces; `docs/protocol.md`. */
export function proofOf(home: string, side: "client" | "server", client: Uint8Array, server: Uint8Array): Uint8Array {
  const secret = readFileSync(join(home, "keys/local.key"));
  return createHmac("sha256", secret).update(`cell shared memory 1: ${side}`).update(client).update(server).digest();
}
