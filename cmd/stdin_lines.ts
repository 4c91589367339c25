import { CellError, MIB } from "../lib/base/mod.ts";

/** No message is longer, so no line has to be. */
const LINE_BYTES_MAX = 64 * MIB;
const LINE_FEED = 10;

/** One line of stdin that is not blank. */
export interface InputLine {
  /** From 1, blank lines counted. */
  number: number;
  text: string;
}

/** The lines of stdin as they arrive. Whoever stops early stops the reading. */
export async function* stdinLines(
  input: AsyncIterable<Uint8Array> = Bun.stdin.stream(),
): AsyncGenerator<InputLine, void, void> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let parts: Uint8Array[] = [];
  let pendingBytes = 0;
  let number = 0;
  const finishLine = (): InputLine => {
    number++;
    const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    parts = [];
    pendingBytes = 0;
    return { number, text: decode(decoder, bytes, number).trim() };
  };
  for await (const chunk of input) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      parts.push(chunk.subarray(start, end));
      start = end + 1;
      const line = finishLine();
      if (line.text !== "") yield line;
    }
    // A copy: the chunk's memory may be used again.
    if (start < chunk.length) parts.push(chunk.slice(start));
    pendingBytes += chunk.length - start;
    if (pendingBytes > LINE_BYTES_MAX) {
      throw new CellError("INVALID_ARGUMENT", `stdin, line ${number + 1}: expected at most ${LINE_BYTES_MAX} bytes`);
    }
  }
  if (parts.length > 0) {
    const line = finishLine();
    if (line.text !== "") yield line;
  }
}

function decode(decoder: TextDecoder, bytes: Uint8Array, number: number): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new CellError("INVALID_ARGUMENT", `stdin, line ${number}: expected UTF-8, found bytes that are none`);
  }
}
