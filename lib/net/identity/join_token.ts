import { createHash } from "node:crypto";
import { CellError } from "../../base/mod.ts";

/** How long the secret of a token is: nobody guesses 128 bits. */
export const SECRET_BYTES = 16;
/** How long the fingerprint of an authority is: a SHA-256. */
export const FINGERPRINT_BYTES = 32;
/** A token names no more places to ask at. */
export const ADDRESSES_MAX = 8;

const PREFIX = "cell-";
const VERSION = 1;
const CHECKSUM_BYTES = 4;
/** Version, and how long the content is. */
const HEADER_BYTES = 3;
const ADDRESS_LENGTH_MAX = 255;
const CONTENT_BYTES_MAX = FINGERPRINT_BYTES + SECRET_BYTES + 1 + ADDRESSES_MAX * (1 + ADDRESS_LENGTH_MAX);
/** More than the longest token of this version has, so that a longer one of a later version is called by its name. */
const TEXT_LENGTH_MAX = 8192;

const NEW_TOKEN = "Copy it again as a whole, or make a new one with cell token create.";

/** What a machine needs to join a cluster; whoever has it can, until it expires or is used up. */
export interface JoinToken {
  /** SHA-256 of the authority's public key: who else may answer is not believed. */
  readonly fingerprint: Uint8Array;
  readonly secret: Uint8Array;
  /** Where nodes of the cluster were when it was made: "192.0.2.7:9043", "[2001:db8::7]:9043", "node.example:9043". */
  readonly addresses: readonly string[];
}

/**
 * A token as one word that survives being copied: "cell-" and base64url of version (1 byte), length of the content (2
 * bytes), content, and the first 4 bytes of the SHA-256 of all that. Content: fingerprint, secret, number of
 * addresses, and each address with its length before it. Throws INVALID_ARGUMENT for what does not fit.
 */
export function formatToken({ fingerprint, secret, addresses }: JoinToken): string {
  if (fingerprint.length !== FINGERPRINT_BYTES || secret.length !== SECRET_BYTES) {
    throw new CellError("INVALID_ARGUMENT", `making a token: expected ${FINGERPRINT_BYTES} and ${SECRET_BYTES} bytes`);
  }
  if (addresses.length > ADDRESSES_MAX) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `making a token: expected at most ${ADDRESSES_MAX} addresses, found ${addresses.length}`,
    );
  }
  for (const address of addresses) {
    if (isAddress(address)) continue;
    throw new CellError(
      "INVALID_ARGUMENT",
      `making a token: expected addresses HOST:PORT, found ${JSON.stringify(address.slice(0, 64))}`,
    );
  }
  const content = Buffer.concat([
    fingerprint,
    secret,
    Buffer.from([addresses.length]),
    ...addresses.map((address) => Buffer.concat([Buffer.from([address.length]), Buffer.from(address, "latin1")])),
  ]);
  const checked = Buffer.concat([Buffer.from([VERSION, content.length & 0xff, content.length >> 8]), content]);
  return PREFIX + Buffer.concat([checked, checksumOf(checked)]).toString("base64url");
}

/** Reads a token. Throws INVALID_ARGUMENT, which says whether it is none, cut off, mistyped, or of another version. */
export function parseToken(text: string): JoinToken {
  const word = text.trim();
  if (!word.startsWith(PREFIX)) throw unusable(`a token begins with "${PREFIX}". Make one with cell token create.`);
  if (word.length > TEXT_LENGTH_MAX) {
    throw unusable(`no token has more than ${TEXT_LENGTH_MAX} characters. ${NEW_TOKEN}`);
  }
  const encoded = word.slice(PREFIX.length);
  const strange = /[^A-Za-z0-9_-]/.exec(encoded);
  if (strange !== null) {
    const place = PREFIX.length + strange.index + 1;
    throw unusable(
      `character ${place} is ${JSON.stringify(strange[0])}, which is in no token: it is one word. ${NEW_TOKEN}`,
    );
  }
  const bytes = Buffer.from(encoded, "base64url");
  if (bytes.length < HEADER_BYTES) throw unusable(`its end is missing. ${NEW_TOKEN}`);
  const expected = HEADER_BYTES + bytes.readUInt16LE(1) + CHECKSUM_BYTES;
  const checked = bytes.subarray(0, -CHECKSUM_BYTES);
  const isIntact = bytes.length === expected && bytes.toString("base64url") === encoded &&
    checksumOf(checked).equals(bytes.subarray(-CHECKSUM_BYTES));
  if (!isIntact) throw damaged(bytes.length, expected);
  const version = bytes.readUInt8(0);
  if (version !== VERSION) {
    throw unusable(
      `it is of version ${version}; this cell knows version ${VERSION}. Use the same release of cell on both machines.`,
    );
  }
  const content = readContent(checked.subarray(HEADER_BYTES));
  if (content === undefined) throw unusable(`its content is not a token's. ${NEW_TOKEN}`);
  return content;
}

/** The error for a token whose checksum is not right. */
function damaged(bytes: number, expected: number): CellError {
  // A length that no token has says nothing: it may be the very character that is wrong.
  const isPossible = expected <= HEADER_BYTES + CONTENT_BYTES_MAX + CHECKSUM_BYTES &&
    expected > HEADER_BYTES + FINGERPRINT_BYTES + SECRET_BYTES + CHECKSUM_BYTES;
  if (isPossible && bytes < expected) {
    const missing = Math.ceil((expected - bytes) * 4 / 3);
    return unusable(`it is cut off: some ${missing} characters are missing at its end. ${NEW_TOKEN}`);
  }
  return unusable(`it has a typing error: its checksum is not right. ${NEW_TOKEN}`);
}

function readContent(content: Buffer): JoinToken | undefined {
  const fixed = FINGERPRINT_BYTES + SECRET_BYTES;
  const count = content[fixed];
  if (count === undefined || count > ADDRESSES_MAX) return undefined;
  const addresses: string[] = [];
  let offset = fixed + 1;
  for (let index = 0; index < count; index++) {
    const length = content[offset] ?? 0;
    const address = content.toString("latin1", offset + 1, offset + 1 + length);
    if (address.length !== length || !isAddress(address)) return undefined;
    addresses.push(address);
    offset += 1 + length;
  }
  if (offset !== content.length) return undefined;
  return {
    fingerprint: Uint8Array.from(content.subarray(0, FINGERPRINT_BYTES)),
    secret: Uint8Array.from(content.subarray(FINGERPRINT_BYTES, fixed)),
    addresses,
  };
}

/** A name or IPv4 address, or an IPv6 address in brackets, and a port. */
function isAddress(text: string): boolean {
  const port = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+(?:%[A-Za-z0-9]+)?\]):([1-9][0-9]{0,4})$/
    .exec(text)?.[1];
  return text.length <= ADDRESS_LENGTH_MAX && port !== undefined && Number(port) <= 65_535;
}

function checksumOf(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest().subarray(0, CHECKSUM_BYTES);
}

function unusable(why: string): CellError {
  return new CellError("INVALID_ARGUMENT", `reading the token: ${why}`);
}
