import { CellError, KIB } from "../../base/mod.ts";

/** No text of certificates and keys is longer. */
export const PEM_BYTES_MAX = 64 * KIB;

const LINE_LENGTH = 64;
const BLOCK = /-----BEGIN ([A-Z ]+)-----\r?\n([A-Za-z0-9+/=\r\n]*)-----END \1-----/g;

/** One labelled piece of a PEM text. */
export interface PemBlock {
  readonly label: string;
  readonly bytes: Uint8Array;
}

/** The pieces of a PEM text (RFC 7468), in order; skips text between them. Throws INVALID_ARGUMENT beyond PEM_BYTES_MAX. */
export function readPemBlocks(text: string): PemBlock[] {
  if (text.length > PEM_BYTES_MAX) {
    throw new CellError(
      "INVALID_ARGUMENT",
      `reading PEM: expected at most ${PEM_BYTES_MAX} bytes, found ${text.length}`,
    );
  }
  return [...text.matchAll(BLOCK)].map(([, label = "", body = ""]) => ({ label, bytes: Buffer.from(body, "base64") }));
}

/** The pieces with `label`, in order. Throws like `readPemBlocks`. */
export function readPem(text: string, label: string): Uint8Array[] {
  return readPemBlocks(text).filter((block) => block.label === label).map(({ bytes }) => bytes);
}

/** DER as PEM, with a line end behind it. */
export function formatPem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der).toString("base64").match(new RegExp(`.{1,${LINE_LENGTH}}`, "g")) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
