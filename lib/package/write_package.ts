import { CellError } from "../base/mod.ts";
import { sha256Of } from "./hash.ts";
import { PACKAGE_BYTES_MAX, PACKAGE_FILES_MAX } from "./limits.ts";
import { MANIFEST_FILE, manifestText, type PackageManifest } from "./manifest.ts";
import { packagePath } from "./open_package.ts";
import { PackageDraft, type StoredPackage, storedState } from "./package_draft.ts";

/**
 * Stores a package under the hash of its content. Whoever looks sees all of it or nothing, also after a crash or a loss
 * of power at any point; several that store the same at once all find it stored. A stored one that was damaged is
 * replaced. Throws RESOURCE_EXHAUSTED when it is too large or the disk is full, and leaves nothing behind.
 */
export function writePackage(
  manifest: Omit<PackageManifest, "files">,
  files: ReadonlyMap<string, Uint8Array>,
): StoredPackage {
  assertSize(manifest.service, files);
  const hashes = Object.fromEntries([...files].map(([name, bytes]) => [name, sha256Of(bytes)]));
  const manifestBytes = new TextEncoder().encode(manifestText({ ...manifest, files: hashes }));
  const sha256 = sha256Of(manifestBytes);
  if (storedState(sha256) === "whole") return { sha256, path: packagePath(sha256), isNew: false };
  using draft = new PackageDraft();
  for (const [name, bytes] of files) draft.add(name, bytes);
  draft.add(MANIFEST_FILE, manifestBytes);
  return draft.place(sha256);
}

function assertSize(service: string, files: ReadonlyMap<string, Uint8Array>): void {
  let bytes = 0;
  for (const content of files.values()) bytes += content.length;
  if (bytes <= PACKAGE_BYTES_MAX && files.size <= PACKAGE_FILES_MAX) return;
  throw new CellError(
    "RESOURCE_EXHAUSTED",
    `packing ${service}: it has ${files.size} files with ${bytes} bytes, and a package holds at most ` +
      `${PACKAGE_FILES_MAX} files with ${PACKAGE_BYTES_MAX} bytes. Keep large data outside and open it by its path.`,
  );
}
