/** A script as a user writes it: connects, asks, and is done. Reads where and as whom from stdin. */
import { createPrivateKey, createPublicKey } from "node:crypto";
import { createCredentials, createTrust, PUBLIC_KEY_BYTES } from "../../identity/mod.ts";
import { dialQuic } from "../mod.ts";
import { EchoClient } from "./quic_world.ts";

const { port, privateKeyPem, chainPem, authorityPem, notAfterMs } = JSON.parse(await Bun.stdin.text());
const privateKey = createPrivateKey(privateKeyPem);
const info = createPublicKey(privateKey).export({ type: "spki", format: "der" });
const key = { privateKey, publicKey: new Uint8Array(info.subarray(-PUBLIC_KEY_BYTES)) };
const credentials = createCredentials(key, { chainPem, notAfterMs }, authorityPem, Date.now());
const link = await dialQuic({
  host: "127.0.0.1",
  port,
  credentials: () => credentials,
  trust: createTrust(authorityPem),
});
await new EchoClient(link).ask(1);
console.log("asked");
link.unref();
