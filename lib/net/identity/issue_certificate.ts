import type { KeyObject } from "node:crypto";
import type { Extension } from "@peculiar/x509";
import { type Certificate, readCertificate } from "./certificate.ts";
import { NODE_CERTIFICATE_URI_PREFIX } from "./certificate_extensions.ts";
import { type KeyPair, publicKeyInfo } from "./keys.ts";
import { keyIdOf } from "./node_id.ts";

/** What a certificate is to say; its signature is made by `issuer`. */
export interface CertificateContent {
  /** The subject's common name: at most 64 printable ASCII characters. */
  readonly name: string;
  /** Raw public key that is certified. */
  readonly publicKey: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** How many issuers may come below; undefined for a certificate that issues none. */
  readonly pathLength: number | undefined;
  readonly uri?: string;
  /** Puts the node's certificate into one of its instances. */
  readonly nodeCertificate?: Uint8Array;
}

/** Who signs: a name and a key. */
export interface Issuer {
  readonly name: string;
  readonly key: KeyPair;
}

const signingKeys = new WeakMap<KeyObject, CryptoKey>();

/** Makes and signs a certificate. Loads the certificate library. */
export async function issueCertificate(content: CertificateContent, issuer: Issuer): Promise<Certificate> {
  const x509 = await import("./x509.ts");
  const { name, publicKey, notBeforeMs, notAfterMs, pathLength, uri, nodeCertificate } = content;
  const isIssuer = pathLength !== undefined;
  const keyUse = x509.KeyUsageFlags.digitalSignature | (isIssuer ? x509.KeyUsageFlags.keyCertSign : 0);
  const extensions: Extension[] = [
    new x509.BasicConstraintsExtension(isIssuer, pathLength, true),
    new x509.KeyUsagesExtension(keyUse, true),
    new x509.SubjectKeyIdentifierExtension(hex(keyIdOf(publicKey))),
    new x509.AuthorityKeyIdentifierExtension(hex(keyIdOf(issuer.key.publicKey))),
  ];
  if (!isIssuer) {
    const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
    extensions.push(new x509.ExtendedKeyUsageExtension([serverAuth, clientAuth]));
  }
  if (uri !== undefined) extensions.push(new x509.SubjectAlternativeNameExtension([{ type: "url", value: uri }]));
  if (nodeCertificate !== undefined) {
    const issuerAt = NODE_CERTIFICATE_URI_PREFIX + Buffer.from(nodeCertificate).toString("base64");
    extensions.push(new x509.AuthorityInfoAccessExtension({ caIssuers: issuerAt }));
  }
  const certificate = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [name] }],
    issuer: [{ CN: [issuer.name] }],
    notBefore: new Date(notBeforeMs),
    notAfter: new Date(notAfterMs),
    publicKey: Uint8Array.from(publicKeyInfo(publicKey)),
    signingKey: await signingKey(issuer.key),
    signingAlgorithm: { name: "Ed25519" },
    extensions,
  });
  return readCertificate(new Uint8Array(certificate.rawData));
}

/** The form in which the library takes a key; a node signs many certificates with the same. */
async function signingKey({ privateKey }: KeyPair): Promise<CryptoKey> {
  const known = signingKeys.get(privateKey);
  if (known !== undefined) return known;
  const der = privateKey.export({ type: "pkcs8", format: "der" });
  const key = await crypto.subtle.importKey("pkcs8", Uint8Array.from(der), "Ed25519", false, ["sign"]);
  signingKeys.set(privateKey, key);
  return key;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
