/** Where the bundler puts what it compiled into the binary. */
const COMPILED_ROOT = "/$bunfs/";

/** The command that runs this program again: the binary, or Bun with main.ts where nothing is compiled. */
export function selfCommand(...args: string[]): string[] {
  return Bun.main.startsWith(COMPILED_ROOT) ? [process.execPath, ...args] : [process.execPath, Bun.main, ...args];
}
