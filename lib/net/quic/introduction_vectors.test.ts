import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CellError } from "../../base/mod.ts";
import { createTrust, formatPem, type Identity } from "../identity/mod.ts";
import { AdmissionReader } from "../tls/admission.ts";
import { verifyEndorsement } from "./endorsement.ts";
import { encodeIntroduction, IntroductionKind, IntroductionReader } from "./introduction.ts";
import { introductionsDocument } from "./testing/introduction_vectors.ts";

type Side = "client" | "server";

interface Document {
  authority: string;
  introductions: { name: string; from: Side; hex: string; kind: number; body: string }[];
  refusedIntroductions: { name: string; from: Side; hex: string }[];
  endorsements: {
    name: string;
    shown: string;
    nowMs: number;
    endorsement: string;
    identity?: Identity;
    refused?: true;
  }[];
  tls: { admitted: string; refused: { frame: string; message: string } };
}

const text = readFileSync(join(import.meta.dir, "../../../docs/vectors/introductions.json"), "utf8");
const { authority, introductions, refusedIntroductions, endorsements, tls } = JSON.parse(text) as Document;
const bytesOf = Uint8Array.fromHex;

const KINDS: { readonly [side in Side]: readonly number[] } = {
  client: [IntroductionKind.proof],
  server: [IntroductionKind.admitted, IntroductionKind.refused],
};

test("introductions.json is what the code makes; `make vectors` writes it again", async () => {
  expect(await introductionsDocument()).toBe(text);
});

test("introductions are read as what stands beside them, in pieces of any size, and written the same", () => {
  for (const { name, from, hex, kind, body } of introductions) {
    const reader = new IntroductionReader(KINDS[from]);
    const bytes = bytesOf(hex);
    for (const byte of bytes.subarray(0, -1)) expect(reader.push(Uint8Array.of(byte)), name).toBeUndefined();
    expect(reader.push(bytes.subarray(-1)), name).toEqual({
      kind,
      body: bytesOf(body),
      rest: new Uint8Array(0),
    });
    expect(Buffer.from(encodeIntroduction(kind, bytesOf(body))).toString("hex"), name).toBe(hex);
  }
});

test("what is no introduction is refused by its first four bytes", () => {
  for (const { name, from, hex } of refusedIntroductions) {
    expect(() => new IntroductionReader(KINDS[from]).push(bytesOf(hex).subarray(0, 4)), name).toThrow(CellError);
  }
});

test("an endorsement is believed when the current certificate's key has signed both, and is of the cluster", () => {
  const trust = createTrust(formatPem("CERTIFICATE", bytesOf(authority)));
  for (const { name, shown, nowMs, endorsement, identity } of endorsements) {
    let found: Identity | undefined;
    try {
      found = verifyEndorsement(bytesOf(endorsement), bytesOf(shown), trust, nowMs, "the server");
    } catch (error) {
      expect((error as CellError).code, name).toBe("UNAUTHENTICATED");
    }
    expect(found, name).toEqual(identity);
  }
});

test("a server over TLS answers with one of the two frames", () => {
  expect(new AdmissionReader("the server").push(bytesOf(tls.admitted))).toEqual(new Uint8Array(0));
  const { frame, message } = tls.refused;
  expect(() => new AdmissionReader("the server").push(bytesOf(frame))).toThrow(message);
});
