import { closeSync, constants, mkdtempSync, openSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { CellError } from "../base/mod.ts";

/** What `sockaddr_un.sun_path` holds without its final NUL: 108 bytes on Linux (unix(7)), 104 on the BSDs and macOS. */
const PATH_BYTES_MAX = process.platform === "linux" ? 107 : 103;

/** How a path that is too long gets a short name. */
export type Shortening = "descriptor" | "symlink";

/** A name for a socket's path that the kernel accepts. */
export interface SocketPath {
  readonly path: string;
  /** The name is not needed any more; what lies at the real path stays. */
  release(): void;
}

/**
 * The path itself when it fits. Otherwise its folder gets a short name for the moment: on Linux an open descriptor's,
 * which needs no file system; elsewhere a symbolic link's in a private temporary folder.
 */
export function socketPath(
  path: string,
  shortening: Shortening = process.platform === "linux" ? "descriptor" : "symlink",
): SocketPath {
  if (Buffer.byteLength(path) <= PATH_BYTES_MAX) return { path, release: () => {} };
  const shortened = shortening === "descriptor" ? throughDescriptor(path) : throughSymlink(path);
  if (Buffer.byteLength(shortened.path) <= PATH_BYTES_MAX) return shortened;
  shortened.release();
  throw new CellError(
    "INVALID_ARGUMENT",
    `the socket's file name ${basename(path)} is too long: its folder may be of any length, the name may not`,
  );
}

function throughDescriptor(path: string): SocketPath {
  const fd = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  return { path: `/proc/self/fd/${fd}/${basename(path)}`, release: () => closeSync(fd) };
}

function throughSymlink(path: string): SocketPath {
  const folder = mkdtempSync(join(tmpdir(), "cell-"));
  symlinkSync(resolve(dirname(path)), join(folder, "d"));
  return { path: join(folder, "d", basename(path)), release: () => rmSync(folder, { recursive: true }) };
}
