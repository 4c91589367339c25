import { closeSync } from "node:fs";
import { assert, CellError } from "../base/mod.ts";
import { map, type Mapping } from "./mapping.ts";
import { allocateFile } from "./shared_file.ts";
import type { SharedMemory, SharedMemoryHandle } from "./shared_memory.ts";

/** What a kind of shared memory does in its own way. */
export interface MappedMemoryOptions {
  readonly handle: SharedMemoryHandle;
  /** An open file of so many bytes, to be mapped; whose it is afterwards is said by `keepsFile`. */
  readonly fd: number;
  readonly byteCount: number;
  /** Whether the memory is allocated piece by piece, and so keeps the file open until it is released. */
  readonly keepsFile: boolean;
  /** Removes the name; called at most once. */
  readonly unlink?: () => void;
}

/** Shared memory of any kind, mapped. */
export class MappedMemory implements SharedMemory {
  readonly buffer: ArrayBuffer;
  readonly handle: SharedMemoryHandle;
  readonly #byteCount: number;
  readonly #mapping: Mapping;
  #fd: number | undefined;
  #unlink: (() => void) | undefined;
  #isReleased = false;

  constructor({ handle, fd, byteCount, keepsFile, unlink }: MappedMemoryOptions) {
    this.#mapping = map(fd, byteCount);
    this.buffer = this.#mapping.buffer;
    this.handle = handle;
    this.#byteCount = byteCount;
    this.#fd = keepsFile ? fd : undefined;
    this.#unlink = unlink;
  }

  allocate(offset: number, byteCount: number): void {
    assert(offset >= 0 && byteCount > 0 && offset + byteCount <= this.#byteCount, "the range is inside the memory");
    if (this.#isReleased) {
      throw new CellError("FAILED_PRECONDITION", `allocating ${byteCount} bytes of shared memory: it was released`);
    }
    if (this.#fd !== undefined) allocateFile(this.#fd, offset, byteCount);
  }

  unlink(): void {
    this.#unlink?.();
    this.#unlink = undefined;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.unlink();
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#mapping.detach();
  }
}
