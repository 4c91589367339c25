const PREFIX = ".building-";

/** The name of a folder in `packages/` that is not a package yet, or no longer. */
export function temporaryName(): string {
  return `${PREFIX}${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
}

/** Whether a folder is one that a build which was interrupted may have left behind. */
export function isTemporaryName(name: string): boolean {
  return name.startsWith(PREFIX);
}
