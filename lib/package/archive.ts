import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { CellError, KIB, toCellError } from "../base/mod.ts";
import { ArchiveReader, PREFIX_BYTES } from "./archive_reader.ts";
import { sha256Of } from "./hash.ts";
import { MANIFEST_BYTES_MAX, PACKAGE_BYTES_MAX } from "./limits.ts";
import { MANIFEST_FILE, parseManifest } from "./manifest.ts";
import { packagePath, verifiedPackage } from "./open_package.ts";
import { PackageDraft, type StoredPackage, storedState } from "./package_draft.ts";

/** What is read, and given to whoever sends it, at once. */
const CHUNK_BYTES = 64 * KIB;

/**
 * A stored package as a stream of bytes for another machine: `manifest.json`, then the files in the order in which it has
 * them, each behind its length. Throws NOT_FOUND when there is none of this name and DATA_LOSS when it was damaged, before
 * the first byte.
 */
export async function* readArchive(sha256: string): AsyncGenerator<Uint8Array, void, void> {
  const path = packagePath(sha256);
  const names = [MANIFEST_FILE, ...Object.keys(verifiedPackage(path, sha256).manifest.files)];
  // The content is read again, a chunk at a time: it need not stay in memory for as long as it is sent.
  for (const name of names) yield* part(path, name);
}

/**
 * Stores the package of this name from what `readArchive` gave on another machine. It is written as it arrives, so it takes
 * no memory, and nobody sees it before all of it is what the name says. Throws INVALID_ARGUMENT when it is not,
 * RESOURCE_EXHAUSTED when it is too large or the disk is full; then nothing was stored.
 */
export async function storeArchive(sha256: string, archive: AsyncIterable<Uint8Array>): Promise<StoredPackage> {
  if (storedState(sha256) === "whole") return { sha256, path: packagePath(sha256), isNew: false };
  await using reader = new ArchiveReader(archive);
  using draft = new PackageDraft();
  const manifestBytes = await reader.whole(MANIFEST_FILE, MANIFEST_BYTES_MAX);
  if (sha256Of(manifestBytes) !== sha256) throw different(MANIFEST_FILE, `its name, ${sha256.slice(0, 16)}...`);
  let roomBytes = PACKAGE_BYTES_MAX;
  for (const [name, hash] of Object.entries(filesOf(manifestBytes))) {
    const byteCount = await reader.length(name, roomBytes);
    roomBytes -= byteCount;
    const hasher = new Bun.CryptoHasher("sha256");
    using file = draft.create(name);
    for await (const chunk of reader.chunks(name, byteCount)) {
      hasher.update(chunk);
      file.write(chunk);
    }
    if (hasher.digest("hex") !== hash) throw different(name, "what its manifest says");
    file.sync();
  }
  await reader.end();
  draft.add(MANIFEST_FILE, manifestBytes);
  return draft.place(sha256);
}

function filesOf(manifestBytes: Uint8Array): { [name: string]: string } {
  try {
    return parseManifest(new TextDecoder().decode(manifestBytes), `the received ${MANIFEST_FILE}`).files;
  } catch (error) {
    throw new CellError("INVALID_ARGUMENT", toCellError(error).message, { cause: error });
  }
}

function* part(folder: string, name: string): Generator<Uint8Array, void, void> {
  const fd = openSync(join(folder, name), "r");
  try {
    const byteCount = fstatSync(fd).size;
    const prefix = new Uint8Array(PREFIX_BYTES);
    new DataView(prefix.buffer).setUint32(0, byteCount);
    yield prefix;
    for (let sent = 0; sent < byteCount;) {
      const chunk = new Uint8Array(Math.min(CHUNK_BYTES, byteCount - sent));
      const count = readSync(fd, chunk, 0, chunk.length, sent);
      if (count === 0) {
        throw new CellError("DATA_LOSS", `sending the package ${folder}: ${name} became shorter meanwhile`);
      }
      sent += count;
      yield chunk.subarray(0, count);
    }
  } finally {
    closeSync(fd);
  }
}

function different(name: string, from: string): CellError {
  return new CellError(
    "INVALID_ARGUMENT",
    `storing a package that was sent: ${name} differs from ${from}. Send it again.`,
  );
}
