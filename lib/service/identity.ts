let own: string | undefined;

/** The service that this process serves; undefined in a script, a command, and until the file's schema is known. */
export function ownService(): string | undefined {
  return own;
}

/** Says which service this process serves: calls that it makes carry the name. */
export function setOwnService(name: string | undefined): void {
  own = name;
}
