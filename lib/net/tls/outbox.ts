import { KIB } from "../../base/mod.ts";

/** As much as one direction of a pipe holds before its writer has to wait, and one write more. No piece of bytes is longer. */
export const PIPE_BYTES = 64 * KIB;

/** Cuts bytes into pieces of at most PIPE_BYTES. */
export function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += PIPE_BYTES) yield bytes.subarray(start, start + PIPE_BYTES);
}

/** The way from a stream that pushes its bytes to somebody who asks for them: holds what was written last until it is taken. */
export class Outbox {
  private bytes: Uint8Array | undefined;
  private onTaken: (() => void) | undefined;
  private wake: () => void = () => {};
  private ended = false;

  /** Keeps `bytes`, and calls back once when more is welcome. Nothing else may be put before that. */
  put(bytes: Uint8Array, onTaken: () => void): void {
    // Nobody will ask for it any more.
    if (this.ended) return onTaken();
    this.bytes = bytes;
    this.onTaken = onTaken;
    this.wake();
  }

  /** Nothing more will be put; what is there is still given out. */
  end(): void {
    this.ended = true;
    this.wake();
  }

  /** What is put, in pieces. To be called once. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    try {
      while (true) {
        const { bytes } = this;
        if (bytes !== undefined) {
          this.bytes = undefined;
          yield* piecesOf(bytes);
          this.taken();
        } else if (this.ended) return;
        else await new Promise<void>((resolve) => this.wake = resolve);
      }
    } finally {
      this.ended = true;
      this.bytes = undefined;
      this.taken();
    }
  }

  private taken(): void {
    const { onTaken } = this;
    this.onTaken = undefined;
    onTaken?.();
  }
}
