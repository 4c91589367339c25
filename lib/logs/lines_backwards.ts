import { KIB } from "../base/mod.ts";
import { type FilePart, readPart } from "./file_part.ts";
import { RawLine } from "./raw_line.ts";

const BLOCK_BYTES = 64 * KIB;
const NEWLINE = 10;

/** The lines of a file, the last first, also one that has no newline yet. Only what is asked for is read. */
export function* linesBackwards(part: FilePart): Generator<string, void, void> {
  const line = new RawLine();
  let isAtEnd = true;
  for (let position = part.sizeBytes; position > 0;) {
    const length = Math.min(BLOCK_BYTES, position);
    position -= length;
    const block = readPart(part, position, length);
    // Removed, or truncated by somebody: what is gone was the oldest.
    if (block === undefined || block.length < length) return;
    let end = length;
    for (let newline = block.lastIndexOf(NEWLINE); newline !== -1; newline = lastNewlineBefore(block, newline)) {
      line.prepend(block.subarray(newline + 1, end));
      end = newline;
      if (!isAtEnd || !line.isEmpty) yield line.take();
      isAtEnd = false;
    }
    line.prepend(block.subarray(0, end));
  }
  if (!line.isEmpty) yield line.take();
}

function lastNewlineBefore(block: Uint8Array, index: number): number {
  return index === 0 ? -1 : block.lastIndexOf(NEWLINE, index - 1);
}
