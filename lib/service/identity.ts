let own: string | undefined;
let ownInstanceId: string | undefined;

/** The service that this process serves; undefined in a script, a command, and until the file's schema is known. */
export function ownService(): string | undefined {
  return own;
}

/** The instance that this process is, such as "hello@2"; the service's name of one that was not deployed. */
export function ownInstance(): string | undefined {
  return ownInstanceId;
}

/** Says which service this process serves, and as which instance: calls that it makes carry that. */
export function setOwnService(name: string | undefined, instance: string | undefined = name): void {
  own = name;
  ownInstanceId = instance;
}
