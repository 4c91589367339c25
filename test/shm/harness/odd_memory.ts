import { dlopen } from "bun:ffi";
import { ftruncateSync } from "node:fs";

/** memfd_create(2) and fcntl(2). */
const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
/** What can never be done to a memfd again. */
export const Seal = { seal: 1, shrink: 2, grow: 4, write: 8, futureWrite: 16 } as const;

/** A memfd that an honest client would not offer; returns its descriptor. Linux only. */
export function oddMemfd(byteCount: number, seals: number): number {
  const { memfd_create, fcntl, fchmod, close } = libc();
  const fd = memfd_create(Buffer.from("cell-odd\0"), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) throw new Error("memfd_create failed");
  fchmod(fd, 0o600);
  ftruncateSync(fd, byteCount);
  if (seals === 0 || fcntl(fd, F_ADD_SEALS, seals) === 0) return fd;
  close(fd);
  throw new Error(`sealing with ${seals} failed`);
}

let opened: ReturnType<typeof open> | undefined;

function libc(): ReturnType<typeof open> {
  return opened ??= open();
}

function open() {
  return dlopen("libc.so.6", {
    memfd_create: { args: ["buffer", "u32"], returns: "i32" },
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
    fchmod: { args: ["i32", "u32"], returns: "i32" },
    close: { args: ["i32"], returns: "i32" },
  }).symbols;
}
