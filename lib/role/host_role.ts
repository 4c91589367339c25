import { assert, SECOND, toCellError } from "../base/mod.ts";
import type { Handler } from "../rpc/mod.ts";
import { type Claim, claimName, type RunningService, serve } from "../service/mod.ts";
import type { Role } from "./role.ts";

/** How long calls that are in flight when a role has stopped may take. */
const DRAIN_MS_MAX = 2 * SECOND;

/** How a role is hosted. */
export interface HostOptions {
  log: (line: string) => void;
  /** The role's name when this process holds it already. @default it is claimed */
  claim?: Claim;
}

/** A role that is played in this process. */
export interface HostedRole {
  /** Stops the role, then its service; resolves when both have ended. */
  end(): Promise<void>;
  /** Resolves when the role has ended, whoever ended it. */
  readonly ended: Promise<void>;
}

/**
 * Plays a role in this process: takes its name, starts it, serves it. Throws ALREADY_EXISTS, which says who plays it, when
 * another process does.
 */
export async function hostRole(role: Role, { log, claim: held }: HostOptions): Promise<HostedRole> {
  const claim = held ?? await claimName(role.name);
  const started = Promise.withResolvers<RunningService>();
  const hosted = new Hosted(role, started.promise);
  try {
    const parts = await role.start({ claim, log, end: () => void endOrTell(hosted, log) });
    try {
      started.resolve(await serve(role.schema, roleHandlers(role, parts), claim, log));
    } catch (error) {
      await role.stop();
      throw error;
    }
  } catch (error) {
    claim.release();
    throw error;
  }
  role.serving();
  return hosted;
}

/** For whoever does not wait for the end. */
async function endOrTell(role: HostedRole, log: (line: string) => void): Promise<void> {
  await role.end().catch((error: unknown) => log(`error: ${toCellError(error).message}`));
}

class Hosted implements HostedRole {
  readonly ended: Promise<void>;
  readonly #resolveEnded: () => void;
  #ending: Promise<void> | undefined;

  constructor(private readonly role: Role, private readonly started: Promise<RunningService>) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#resolveEnded = resolve;
  }

  end(): Promise<void> {
    return this.#ending ??= this.#end();
  }

  async #end(): Promise<void> {
    // Somebody may ask for the end while the role begins; one that fails to begin has nothing to end.
    const service = await this.started;
    try {
      await this.role.stop();
    } finally {
      await service.drain(DRAIN_MS_MAX);
      this.#resolveEnded();
    }
  }
}

/** For every method of the schema the one that an object of `parts` has. */
export function roleHandlers(
  { name, schema }: Pick<Role, "name" | "schema">,
  parts: readonly object[],
): Record<string, Handler> {
  return Object.fromEntries(
    Object.keys(schema.methods).map((method) => {
      const self = parts.find((part) => method in part);
      const fn = (self as { [method: string]: unknown } | undefined)?.[method];
      assert(typeof fn === "function", `the role ${name} has a method ${method}`);
      return [method, { fn: fn as Handler["fn"], self: self! }];
    }),
  );
}
