import { type Credentials, INSTANCE_LIFETIME_MS, proveIdentity } from "../../identity/mod.ts";
import { VECTOR_TIME_MS, type VectorWorld, vectorWorld } from "../../identity/testing/mod.ts";
import { ADMITTED, refusalFrame } from "../../tls/admission.ts";
import { endorse } from "../endorsement.ts";
import { encodeIntroduction, INTRODUCTION_BYTES_MAX, IntroductionKind } from "../introduction.ts";

const REFUSAL = "checking who 192.0.2.7:41641 is: it has no certificate";

/** The text of `docs/vectors/introductions.json`: what two sides say before their first call. */
export async function introductionsDocument(): Promise<string> {
  const world = await vectorWorld();
  const document = {
    authority: hex(world.ada.trust.authority.der),
    ...quic(world),
    tls: {
      admitted: hex(ADMITTED),
      refused: { frame: hex(refusalFrame(REFUSAL)), message: REFUSAL },
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function quic({ hello, helloRenewed, web, foreign }: VectorWorld) {
  const proof = proveIdentity(web, hello.certificate);
  const endorsement = endorse(helloRenewed, hello.certificate);
  const endorsed = { shown: hex(hello.certificate), nowMs: VECTOR_TIME_MS + INSTANCE_LIFETIME_MS / 2 };
  const { proof: proofKind, admitted, refused } = IntroductionKind;
  return {
    introductions: [
      introduction("a client's proof", "client", proofKind, proof),
      introduction("the client is let in, by the certificate that the handshake has shown", "server", admitted),
      introduction("the client is let in, by a certificate that was renewed", "server", admitted, endorsement),
      introduction("the client is not let in", "server", refused, Buffer.from(REFUSAL)),
    ],
    refusedIntroductions: [
      { name: "another version", from: "client", hex: "02010000" },
      { name: "a kind that a client does not send", from: "client", hex: "01020000" },
      { name: "a kind that a server does not send", from: "server", hex: "01010000" },
      { name: "an unknown kind", from: "server", hex: "01040000" },
      { name: "a body that is too long", from: "client", hex: hex(tooLong()) },
    ],
    endorsements: [
      { name: "by the same instance", ...endorsed, endorsement: hex(endorsement), identity: hello.identity },
      {
        name: "of another certificate",
        ...endorsed,
        endorsement: hex(endorse(helloRenewed, web.certificate)),
        refused: true,
      },
      { name: "a client's proof in its place", ...endorsed, endorsement: hex(proofOf(hello)), refused: true },
      { name: "of another cluster", ...endorsed, endorsement: hex(endorse(foreign, hello.certificate)), refused: true },
    ],
  };
}

function proofOf(credentials: Credentials): Uint8Array {
  return proveIdentity(credentials, credentials.certificate);
}

function introduction(name: string, from: "client" | "server", kind: number, body: Uint8Array = new Uint8Array(0)) {
  return { name, from, hex: hex(encodeIntroduction(kind, body)), kind, body: hex(body) };
}

function tooLong(): Uint8Array {
  return encodeIntroduction(IntroductionKind.proof, new Uint8Array(INTRODUCTION_BYTES_MAX + 1)).subarray(0, 4);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
