import { type Extensions, readExtensions } from "./certificate_extensions.ts";
import { readTime } from "./certificate_time.ts";
import { contextTag, DerReader, malformed, Tag } from "./der.ts";
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from "./keys.ts";

/** No certificate of a cluster is longer: an instance's, with its node's inside, has some 1,200 bytes. */
export const CERTIFICATE_BYTES_MAX = 4096;

const ED25519 = "2b6570";
const COMMON_NAME = "550403";
const COMMON_NAME_LENGTH_MAX = 64;
/** 20 octets and the zero that keeps a number positive (RFC 5280, section 4.1.2.2). */
const SERIAL_BYTES_MAX = 21;
/** What `INTEGER` says for version 3. */
const VERSION_3 = 2;

/** What a certificate says. That it is true has still to be checked. */
export interface Certificate extends Extensions {
  /** All of its bytes. */
  readonly der: Uint8Array;
  /** The part that is signed. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  /** Names as they are encoded, to be compared with each other. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** The subject's common name, for people. */
  readonly name: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Raw, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/**
 * Reads a certificate of a cluster (RFC 5280, RFC 8410): version 3, Ed25519 only, names of one common name, and no extension
 * that is marked critical and unknown. Checks no signature. Throws INVALID_ARGUMENT for everything else.
 */
export function readCertificate(der: Uint8Array): Certificate {
  if (der.length > CERTIFICATE_BYTES_MAX) {
    throw malformed(`expected at most ${CERTIFICATE_BYTES_MAX} bytes, found ${der.length}`);
  }
  // The caller's buffer may be used again.
  const own = Uint8Array.from(der);
  const whole = new DerReader(own);
  const certificate = whole.enter(Tag.SEQUENCE, "a certificate");
  whole.finish("the certificate");
  const signed = certificate.takeWhole(Tag.SEQUENCE, "what is signed");
  readAlgorithm(certificate);
  const signature = readBits(certificate, SIGNATURE_BYTES, "the signature");
  certificate.finish("the signature");
  return { der: own, signed, signature, ...readSigned(new DerReader(signed).enter(Tag.SEQUENCE, "what is signed")) };
}

function readSigned(fields: DerReader): Omit<Certificate, "der" | "signed" | "signature"> {
  const version = fields.enter(contextTag(0, true), "a version").take(Tag.INTEGER, "a version");
  if (version.length !== 1 || version[0] !== VERSION_3) throw malformed("expected version 3");
  if (fields.take(Tag.INTEGER, "a serial number").length > SERIAL_BYTES_MAX) {
    throw malformed("its serial number is too long");
  }
  readAlgorithm(fields);
  const issuer = fields.takeWhole(Tag.SEQUENCE, "the issuer's name");
  readName(issuer);
  const validity = fields.enter(Tag.SEQUENCE, "the validity");
  const notBeforeMs = readTime(validity);
  const notAfterMs = readTime(validity);
  validity.finish("the validity");
  const subject = fields.takeWhole(Tag.SEQUENCE, "the subject's name");
  const name = readName(subject);
  const keyInfo = fields.enter(Tag.SEQUENCE, "a public key");
  readAlgorithm(keyInfo);
  const publicKey = readBits(keyInfo, PUBLIC_KEY_BYTES, "the public key");
  keyInfo.finish("the public key");
  const extensions = readExtensions(fields.enter(contextTag(3, true), "extensions"));
  fields.finish("the extensions");
  return { issuer, subject, name, notBeforeMs, notAfterMs, publicKey, ...extensions };
}

function readAlgorithm(reader: DerReader): void {
  const algorithm = reader.enter(Tag.SEQUENCE, "an algorithm");
  if (algorithm.takeObjectIdentifier("an algorithm") !== ED25519) {
    throw malformed("expected Ed25519 keys and signatures only");
  }
  algorithm.finish("the algorithm");
}

/** A bit string of whole bytes. */
function readBits(reader: DerReader, bytes: number, what: string): Uint8Array {
  const content = reader.take(Tag.BIT_STRING, what);
  if (content.length !== bytes + 1 || content[0] !== 0) throw malformed(`expected ${bytes} bytes of ${what}`);
  return content.subarray(1);
}

function readName(der: Uint8Array): string {
  const names = new DerReader(der).enter(Tag.SEQUENCE, "a name");
  const attributes = names.enter(Tag.SET, "a name");
  const attribute = attributes.enter(Tag.SEQUENCE, "a name");
  const isCommonName = attribute.takeObjectIdentifier("a name's kind") === COMMON_NAME;
  if (!isCommonName) throw malformed("expected a common name only");
  const tag = attribute.hasNext(Tag.UTF8_STRING) ? Tag.UTF8_STRING : Tag.PRINTABLE_STRING;
  const text = Buffer.from(attribute.take(tag, "a common name")).toString("latin1");
  for (const reader of [attribute, attributes, names]) reader.finish("the common name");
  if (text.length > COMMON_NAME_LENGTH_MAX || !/^[\x20-\x7e]+$/.test(text)) {
    throw malformed(`expected a common name of at most ${COMMON_NAME_LENGTH_MAX} printable ASCII characters`);
  }
  return text;
}
