import { EXIT } from "./exit_code.ts";

/**
 * Writes data to stdout, whole. A reader that has gone (`| head -1`) has what it wanted: the process ends quietly.
 * One write of Bun costs nothing at start, unlike process.stdout (9 ms), and blocks while a pipe is full: use it for
 * answers, and `StreamOutput` for what goes on for long.
 */
export async function print(data: string | Uint8Array): Promise<void> {
  let rest = typeof data === "string" ? new TextEncoder().encode(data) : data;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(await Bun.write(Bun.stdout, rest));
    } catch (error) {
      endIfClosed(error);
      throw error;
    }
  }
}

/** Writes lines to stdout. */
export async function printLines(lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await print(lines.join("\n") + "\n");
}

/** Writes a value as indented JSON. */
export async function printJson(value: unknown): Promise<void> {
  await print(JSON.stringify(value, null, 2) + "\n");
}

/**
 * Writes to stdout at the pace of its reader without blocking the process: a stream that `less` shows for an hour must go
 * on answering its server's pings.
 */
export class StreamOutput {
  #failure: Error | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor() {
    process.stdout.on("error", (error) => this.#fail(error));
  }

  /** Resolves when there is room for more. */
  async write(data: string | Uint8Array): Promise<void> {
    this.#throwFailure();
    let hasRoom = true;
    this.#last = new Promise((resolve) => {
      hasRoom = process.stdout.write(data, (error) => {
        if (error) this.#fail(error);
        resolve();
      });
    });
    if (!hasRoom) await this.#last;
  }

  /** Resolves when everything has left the process. */
  async end(): Promise<void> {
    await this.#last;
    this.#throwFailure();
  }

  #fail(error: Error): void {
    endIfClosed(error);
    this.#failure ??= error;
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

/** Ends the process when the error says that nobody reads stdout any more. */
function endIfClosed(error: unknown): void {
  if (error instanceof Error && "code" in error && error.code === "EPIPE") process.exit(EXIT.ok);
}
