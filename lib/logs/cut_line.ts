import { LINE_BYTES_MAX } from "./log_line.ts";

/**
 * The part of a message that is one line, of at most `LINE_BYTES_MAX` bytes; a longer one ends with a note that it was cut. Of
 * what is cut nothing is looked at.
 */
export function cutLine(message: string, start: number, end: number): string {
  const length = end - start;
  if (length * 3 <= LINE_BYTES_MAX) return message.slice(start, end);
  // A character has at least one byte, so no more of them than this are looked at.
  const bytes = Buffer.from(message.slice(start, Math.min(end, start + LINE_BYTES_MAX + 1)));
  if (bytes.length <= LINE_BYTES_MAX) return message.slice(start, end);
  let kept = LINE_BYTES_MAX;
  // Not in the middle of a character: its second and further bytes are 10xxxxxx.
  while ((bytes[kept]! & 0xc0) === 0x80) kept--;
  return `${bytes.toString("utf8", 0, kept)} [cut: the line had ${length} characters]`;
}
