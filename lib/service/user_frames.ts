/** A longer stack helps nobody. */
const FRAMES_MAX = 20;
/** Where the bundler puts what it compiled into the binary. */
const COMPILED_ROOT = "/$bunfs/";
const IS_FRAME_OF_FILE = /^\s+at (?:.*\()?(?:async )?(?:file:\/\/)?\//;

/** Where the code of a release lies. The folder is named after a hash, and the user's files are not in it. */
const PACKAGE_PATH = /(?:file:\/\/)?\/[^\s():"']*\/packages\/[0-9a-f]{64}\//g;

/** A text with the places in packages shown as the files were called when they were packed. */
export function withoutPackagePath(text: string): string {
  return text.replace(PACKAGE_PATH, "");
}

/**
 * The lines of an error's stack that lie in the user's files, innermost first, as "    at name (file:line:column)". In the
 * compiled binary our own frames have relative paths and the runtime's have none.
 */
export function userFrames({ stack }: { stack?: string }): string[] {
  // User code may have put anything there, with Error.prepareStackTrace for instance.
  const lines = typeof stack === "string" ? stack.split("\n") : [];
  return lines.filter((line) => IS_FRAME_OF_FILE.test(line) && !line.includes(COMPILED_ROOT))
    .slice(0, FRAMES_MAX).map(withoutPackagePath);
}
