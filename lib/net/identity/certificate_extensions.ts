import { contextTag, DerReader, malformed, Tag } from "./der.ts";

/** A certificate has no more extensions than this; ours have seven. */
const EXTENSIONS_MAX = 16;
/** A certificate's URI is no longer: two ids, two names, and what stands between. */
const URI_LENGTH_MAX = 256;

/**
 * Where an instance's certificate says that its issuer's is to be had (RFC 5280, section 4.2.2.1): right here, as a data
 * URI (RFC 2397). So one certificate can be checked up to the authority.
 */
export const NODE_CERTIFICATE_URI_PREFIX = "data:application/pkix-cert;base64,";

/** What a key may be used for (RFC 5280, section 4.2.1.3): the bits of the first byte. */
export const KeyUse = { DIGITAL_SIGNATURE: 0x80, CERTIFICATE_SIGN: 0x04 } as const;

const Oid = {
  subjectKeyId: "551d0e",
  keyUsage: "551d0f",
  subjectAlternativeName: "551d11",
  basicConstraints: "551d13",
  authorityKeyId: "551d23",
  extendedKeyUsage: "551d25",
  authorityInformationAccess: "2b06010505070101",
} as const;

const ISSUER_CERTIFICATE = "2b06010505073002";
const SERVER_AUTHENTICATION = "2b06010505070301";
const CLIENT_AUTHENTICATION = "2b06010505070302";

/** What the extensions of a certificate say; undefined where there is none. */
export interface Extensions {
  /** Whether it may issue certificates. */
  readonly isIssuer: boolean;
  /** How many issuers may stand between it and an instance. */
  readonly pathLength: number | undefined;
  /** Bits of `KeyUse`. */
  readonly keyUse: number;
  readonly isForServers: boolean;
  readonly isForClients: boolean;
  readonly keyId: Uint8Array | undefined;
  readonly issuerKeyId: Uint8Array | undefined;
  readonly uri: string | undefined;
  /** DER of the certificate of the node that issued this one. */
  readonly nodeCertificate: Uint8Array | undefined;
}

type Found = { -readonly [Key in keyof Extensions]: Extensions[Key] };

/** Reads the extensions of a certificate. Throws INVALID_ARGUMENT for one that is there twice, or critical and unknown. */
export function readExtensions(outer: DerReader): Extensions {
  const list = outer.enter(Tag.SEQUENCE, "extensions");
  outer.finish("the extensions");
  const found: Found = {
    isIssuer: false,
    pathLength: undefined,
    keyUse: 0,
    isForServers: false,
    isForClients: false,
    keyId: undefined,
    issuerKeyId: undefined,
    uri: undefined,
    nodeCertificate: undefined,
  };
  const seen = new Set<string>();
  while (!list.isAtEnd) {
    const extension = list.enter(Tag.SEQUENCE, "an extension");
    const oid = extension.takeObjectIdentifier("an extension's kind");
    const isCritical = extension.hasNext(Tag.BOOLEAN) && readTrue(extension);
    const value = extension.take(Tag.OCTET_STRING, "an extension's value");
    extension.finish("the extension");
    if (seen.has(oid)) throw malformed("an extension is there twice");
    seen.add(oid);
    if (seen.size > EXTENSIONS_MAX) throw malformed(`expected at most ${EXTENSIONS_MAX} extensions`);
    const read = READERS.get(oid);
    if (read === undefined && isCritical) throw malformed(`its extension ${oid} is critical and not known`);
    read?.(new DerReader(value), found);
  }
  return found;
}

const READERS: ReadonlyMap<string, (value: DerReader, found: Found) => void> = new Map([
  [Oid.basicConstraints, readBasicConstraints],
  [Oid.keyUsage, readKeyUsage],
  [Oid.extendedKeyUsage, readExtendedKeyUsage],
  [Oid.subjectKeyId, (value: DerReader, found: Found) => {
    found.keyId = value.take(Tag.OCTET_STRING, "a key's id");
    value.finish("the key's id");
  }],
  [Oid.authorityKeyId, (value: DerReader, found: Found) => {
    const fields = value.enter(Tag.SEQUENCE, "the issuer's key id");
    found.issuerKeyId = fields.take(contextTag(0, false), "the issuer's key id");
    fields.finish("the issuer's key id");
    value.finish("the issuer's key id");
  }],
  [Oid.subjectAlternativeName, readAlternativeName],
  [Oid.authorityInformationAccess, readNodeCertificate],
]);

function readBasicConstraints(value: DerReader, found: Found): void {
  const fields = value.enter(Tag.SEQUENCE, "basic constraints");
  value.finish("the basic constraints");
  found.isIssuer = fields.hasNext(Tag.BOOLEAN) && readTrue(fields);
  if (fields.hasNext(Tag.INTEGER)) {
    const [length, ...more] = fields.take(Tag.INTEGER, "a path length");
    if (length === undefined || more.length > 0 || length > 0x7f) throw malformed("its path length cannot be right");
    found.pathLength = length;
  }
  fields.finish("the basic constraints");
}

function readKeyUsage(value: DerReader, found: Found): void {
  const [unusedBits, bits, ...more] = value.take(Tag.BIT_STRING, "key usage");
  value.finish("the key usage");
  if (unusedBits === undefined || unusedBits > 7 || bits === undefined || more.length > 0) {
    throw malformed("its key usage cannot be right");
  }
  found.keyUse = bits;
}

function readExtendedKeyUsage(value: DerReader, found: Found): void {
  const uses = value.enter(Tag.SEQUENCE, "extended key usage");
  value.finish("the extended key usage");
  while (!uses.isAtEnd) {
    const use = uses.takeObjectIdentifier("an extended key usage");
    if (use === SERVER_AUTHENTICATION) found.isForServers = true;
    if (use === CLIENT_AUTHENTICATION) found.isForClients = true;
  }
}

function readAlternativeName(value: DerReader, found: Found): void {
  const names = value.enter(Tag.SEQUENCE, "alternative names");
  value.finish("the alternative names");
  const uri = names.take(contextTag(6, false), "a URI as the only alternative name");
  names.finish("the URI");
  if (uri.length > URI_LENGTH_MAX) throw malformed(`expected a URI of at most ${URI_LENGTH_MAX} characters`);
  found.uri = Buffer.from(uri).toString("latin1");
}

function readNodeCertificate(value: DerReader, found: Found): void {
  const accesses = value.enter(Tag.SEQUENCE, "information access");
  value.finish("the information access");
  const access = accesses.enter(Tag.SEQUENCE, "an information access");
  accesses.finish("the only information access");
  const isIssuer = access.takeObjectIdentifier("a kind of information") === ISSUER_CERTIFICATE;
  const uri = Buffer.from(access.take(contextTag(6, false), "a URI")).toString("latin1");
  access.finish("the URI");
  if (!isIssuer || !uri.startsWith(NODE_CERTIFICATE_URI_PREFIX)) {
    throw malformed("expected its node's certificate as a data URI and no other information");
  }
  const text = uri.slice(NODE_CERTIFICATE_URI_PREFIX.length);
  const der = Buffer.from(text, "base64");
  if (der.toString("base64") !== text) throw malformed("its node's certificate is not in base64");
  found.nodeCertificate = der;
}

/** DER writes a true as 0xff, and leaves a false that is the default out. */
function readTrue(reader: DerReader): true {
  const [value, ...more] = reader.take(Tag.BOOLEAN, "a truth value");
  if (value !== 0xff || more.length > 0) throw malformed("a truth value cannot be right");
  return true;
}
