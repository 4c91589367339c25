/** A longer stack helps nobody. */
const FRAMES_MAX = 20;

/**
 * The lines of an error's stack that lie in the user's files, innermost first, as "    at name (file:line:column)". In the
 * compiled binary our own frames have relative paths and the runtime's have none.
 */
export function userFrames(error: { stack?: string }): string[] {
  const lines = (error.stack ?? "").split("\n").filter((line) => /^\s+at .*\(?(?:file:\/\/)?\/(?!\$bunfs)/.test(line));
  return lines.slice(0, FRAMES_MAX);
}
