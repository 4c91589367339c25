/** A name that this process holds; it is given up by `release` or by the death of the process. */
export interface Claim {
  readonly name: string;
  /** Where the holder listens. */
  readonly socket: string;
  /** The locked file: a child process that inherits it holds the name too. */
  readonly lockFd: number;
  /** Removes the socket and gives the name up. */
  release(): void;
}

/** Takes a service name for this process; ALREADY_EXISTS says who holds it and what to do. */
export function claimName(name: string): Promise<Claim> {
  return Promise.reject(new Error(name));
}

/** The claim that the parent process holds and gave to this one as an open file. */
export function inheritClaim(name: string, lockFd: number): Promise<Claim> {
  return Promise.reject(new Error(`${name} ${lockFd}`));
}
