import { createPrivateKey, createPublicKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  createCredentials,
  createTrust,
  type Credentials,
  PUBLIC_KEY_BYTES,
  type Trust,
} from "../../lib/net/identity/mod.ts";
import { cluster, instanceOn } from "../../lib/net/identity/testing/cluster.ts";

/** Which process of a pair. */
export type Side = "server" | "client";

/** Founds a cluster of two nodes and writes an instance's credentials for each side into a folder. */
export async function writeSides(folder: string): Promise<void> {
  const { one, other } = await cluster(Date.now());
  const sides = {
    server: await instanceOn(one, "hello", Date.now()),
    client: await instanceOn(other, "caller", Date.now()),
  };
  for (const [side, { privateKeyPem, chainPem, authorityPem, notAfterMs }] of Object.entries(sides)) {
    const text = JSON.stringify({ privateKeyPem, chainPem, authorityPem, notAfterMs });
    writeFileSync(join(folder, `${side}.json`), text, { mode: 0o600 });
  }
}

/** What `writeSides` wrote for a side. */
export function readSide(folder: string, side: Side): { credentials: Credentials; trust: Trust } {
  const { privateKeyPem, chainPem, authorityPem, notAfterMs } = JSON.parse(
    readFileSync(join(folder, `${side}.json`), "utf8"),
  );
  const privateKey = createPrivateKey(privateKeyPem);
  const info = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const publicKey = new Uint8Array(info.subarray(-PUBLIC_KEY_BYTES));
  const credentials = createCredentials({ privateKey, publicKey }, { chainPem, notAfterMs }, authorityPem, Date.now());
  return { credentials, trust: createTrust(authorityPem) };
}
