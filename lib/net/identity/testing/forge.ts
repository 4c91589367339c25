import { NODE_CERTIFICATE_URI_PREFIX } from "../certificate_extensions.ts";
import { type KeyPair, publicKeyInfo } from "../keys.ts";
import { keyIdOf } from "../node_id.ts";
import { FOUNDED_MS } from "./cluster.ts";

/** What a certificate is to say that nobody honest would issue; what is left out is as in an instance's certificate. */
export interface Forgery {
  readonly publicKey: Uint8Array;
  readonly signer: KeyPair;
  readonly issuer: string;
  readonly name?: string;
  readonly uri?: string | undefined;
  readonly nodeCertificate?: Uint8Array | undefined;
  readonly isIssuer?: boolean;
  readonly pathLength?: number | undefined;
  /** Bits of the library's KeyUsageFlags. */
  readonly keyUsage?: number;
  readonly extendedKeyUsage?: readonly string[];
  readonly issuerKeyId?: Uint8Array | undefined;
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
  /** DER of further extensions. */
  readonly more?: readonly Uint8Array[];
}

export const SERVER = "1.3.6.1.5.5.7.3.1";
export const CLIENT = "1.3.6.1.5.5.7.3.2";

/** DER of a certificate with any content, really signed by `signer`. */
export async function forge(forgery: Forgery): Promise<Uint8Array> {
  const x509 = await import("@peculiar/x509");
  const { publicKey, signer, uri, nodeCertificate, more = [] } = forgery;
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  const extensions = [
    new x509.BasicConstraintsExtension(forgery.isIssuer ?? false, forgery.pathLength, true),
    new x509.KeyUsagesExtension(forgery.keyUsage ?? x509.KeyUsageFlags.digitalSignature, true),
    new x509.SubjectKeyIdentifierExtension(hex(keyIdOf(publicKey))),
    new x509.ExtendedKeyUsageExtension([...(forgery.extendedKeyUsage ?? [SERVER, CLIENT])]),
    ...more.map((der) => new x509.Extension(Uint8Array.from(der))),
  ];
  const issuerKeyId = "issuerKeyId" in forgery ? forgery.issuerKeyId : keyIdOf(signer.publicKey);
  if (issuerKeyId !== undefined) extensions.push(new x509.AuthorityKeyIdentifierExtension(hex(issuerKeyId)));
  if (uri !== undefined) extensions.push(new x509.SubjectAlternativeNameExtension([{ type: "url", value: uri }]));
  if (nodeCertificate !== undefined) {
    const caIssuers = NODE_CERTIFICATE_URI_PREFIX + Buffer.from(nodeCertificate).toString("base64");
    extensions.push(new x509.AuthorityInfoAccessExtension({ caIssuers }));
  }
  const pkcs8 = Uint8Array.from(signer.privateKey.export({ type: "pkcs8", format: "der" }));
  const { rawData } = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [forgery.name ?? "hello"] }],
    issuer: [{ CN: [forgery.issuer] }],
    notBefore: new Date(forgery.notBeforeMs ?? FOUNDED_MS),
    notAfter: new Date(forgery.notAfterMs ?? FOUNDED_MS + 3_600_000),
    publicKey: Uint8Array.from(publicKeyInfo(publicKey)),
    signingKey: await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]),
    signingAlgorithm: { name: "Ed25519" },
    extensions,
  });
  return new Uint8Array(rawData);
}
