import { CellError, SECOND } from "../base/mod.ts";

/** Before every part stands how long it is, as a big-endian number of 32 bits. */
export const PREFIX_BYTES = 4;
/** Whoever sends nothing for so long has gone, and what was received is thrown away. */
export const SILENCE_MS_MAX = 30 * SECOND;

const EMPTY = new Uint8Array(0);

/** Reads the parts of an archive from chunks of any size. */
export class ArchiveReader implements AsyncDisposable {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = EMPTY;

  constructor(archive: AsyncIterable<Uint8Array>, private readonly silenceMsMax = SILENCE_MS_MAX) {
    this.#source = archive[Symbol.asyncIterator]();
  }

  /** The length that stands before a part. Throws RESOURCE_EXHAUSTED for one that is longer than `bytesMax`. */
  async length(name: string, bytesMax: number): Promise<number> {
    const prefix = new Uint8Array(PREFIX_BYTES);
    await this.#fill(`the length of ${name}`, prefix);
    const byteCount = new DataView(prefix.buffer).getUint32(0);
    if (byteCount <= bytesMax) return byteCount;
    throw new CellError(
      "RESOURCE_EXHAUSTED",
      `storing a package that was sent: ${name} has ${byteCount} bytes, and ${bytesMax} are left of what a package holds`,
    );
  }

  /** A part of at most `bytesMax` bytes in memory. No more of it is allocated than has arrived. */
  async whole(name: string, bytesMax: number): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.chunks(name, await this.length(name, bytesMax))) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** A part's bytes as they arrive. */
  async *chunks(name: string, byteCount: number): AsyncGenerator<Uint8Array, void, void> {
    for (let left = byteCount; left > 0;) {
      const chunk = await this.#next(name, left);
      left -= chunk.length;
      yield chunk;
    }
  }

  /** Throws INVALID_ARGUMENT unless nothing is left. */
  async end(): Promise<void> {
    while (this.#chunk.length === 0) {
      const next = await this.#await();
      if (next === undefined) return;
      this.#chunk = next;
    }
    throw wrong("there is more behind its last file");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source.return?.();
  }

  async #fill(name: string, target: Uint8Array): Promise<void> {
    for (let at = 0; at < target.length;) {
      const chunk = await this.#next(name, target.length - at);
      target.set(chunk, at);
      at += chunk.length;
    }
  }

  /** At least one and at most `bytesMax` bytes. */
  async #next(name: string, bytesMax: number): Promise<Uint8Array> {
    while (this.#chunk.length === 0) {
      const next = await this.#await();
      if (next === undefined) throw wrong(`it ends within ${name}`);
      this.#chunk = next;
    }
    const taken = this.#chunk.subarray(0, bytesMax);
    this.#chunk = this.#chunk.subarray(taken.length);
    return taken;
  }

  async #await(): Promise<Uint8Array | undefined> {
    let timer: Timer | undefined;
    const silence = new Promise<never>((_, reject) => {
      const message = `storing a package that was sent: nothing came for ${this.silenceMsMax / SECOND} s`;
      timer = setTimeout(() => reject(new CellError("DEADLINE_EXCEEDED", message)), this.silenceMsMax);
    });
    try {
      const next = await Promise.race([this.#source.next(), silence]);
      return next.done === true ? undefined : next.value;
    } finally {
      clearTimeout(timer);
    }
  }
}

function wrong(why: string): CellError {
  return new CellError("INVALID_ARGUMENT", `storing a package that was sent: ${why}. Send it again.`);
}
