import { SECOND } from "../base/mod.ts";
import type { Listener } from "../net/mod.ts";
import { createServer, type Handler, type RpcServer, type ServerStats } from "../rpc/mod.ts";
import type { Schema } from "../schema/mod.ts";
import { listenLocal } from "../shm/mod.ts";
import { authorizer } from "./authorize.ts";
import type { Claim } from "./claim.ts";
import { localSecret } from "./local_secret.ts";
import { logLine } from "./log_line.ts";
import { NUCLEUS } from "./names.ts";
import { localAgent, NetworkPresence, type NodeAgent } from "./network/mod.ts";
import { markProcess } from "./process_mark.ts";
import { surviveUserFailures } from "./user_failures.ts";

/** Container runtimes kill 10 s after they asked: a drain is over before. */
export const DRAIN_GRACE_MS = 8 * SECOND;

/** A service that this process serves. */
export interface RunningService {
  readonly name: string;
  /** "hello@2" of an instance that was deployed, the service's own name otherwise. */
  readonly instance: string;
  readonly schema: Schema;
  readonly socket: string;
  /** How many calls are being answered. */
  readonly inFlight: number;
  /** What it has done so far. */
  stats(): ServerStats;
  /**
   * Gives the name up at once, so that a successor can start; refuses new calls in a way that callers make them again;
   * lets running ones finish for at most `graceMs`, then closes.
   *
   * @default graceMs 8_000
   */
  drain(graceMs?: number): Promise<void>;
  /** Resolves when the service has stopped. */
  readonly stopped: Promise<void>;
}

/** What few services need. */
export interface ServeOptions {
  /** Which services may call, as `[cell.access] allow` in `cell.toml` says it. @default all */
  allow?: readonly string[] | undefined;
  /** Who certifies and announces the instance to other nodes. @default the agent of this home */
  agent?: NodeAgent;
}

/**
 * Serves `handlers` under a claimed name until it is drained. The claim is given up with it, or when the process ends. Other
 * nodes reach the service while there is an agent with a network. Throws INVALID_ARGUMENT for an access list that cannot be.
 */
export async function serve(
  schema: Schema,
  handlers: Record<string, Handler>,
  claim: Claim,
  log: (line: string) => void,
  options: ServeOptions = {},
): Promise<RunningService> {
  const { allow } = options;
  const authorize = authorizer(claim.name, allow);
  const server = createServer({
    schema,
    handlers,
    ...(authorize === undefined ? {} : { authorize }),
    instance: claim.number === undefined ? `${claim.name}-${crypto.randomUUID().slice(0, 8)}` : claim.instance,
    log: (entry) => {
      const line = logLine(entry);
      if (line !== undefined) log(line);
    },
  });
  const listener = await listenLocal(claim.socket, {
    secret: localSecret,
    onLink: (link) => server.accept(link),
    onRefused: (error) => log(`warn: ${error.message}`),
  });
  return new Served(schema, claim, server, listener, presenceOf(schema, claim, server, log, options), log);
}

/** The agent itself is known to other nodes as their equal. */
function presenceOf(
  { species }: Schema,
  { name: service, instance, origin }: Claim,
  server: RpcServer,
  log: (line: string) => void,
  { allow, agent = localAgent() }: ServeOptions,
): NetworkPresence | undefined {
  if (service === NUCLEUS) return undefined;
  return new NetworkPresence({
    agent,
    offer: { service, instance, species, release: origin?.release ?? null, isRestricted: allow !== undefined },
    onLink: (link) => server.accept(link),
    onRefused: (error) => log(`warn: ${error.message}`),
  });
}

class Served implements RunningService {
  readonly stopped: Promise<void>;
  readonly #resolveStopped: () => void;
  readonly #stopSurviving: () => void;
  #draining: Promise<void> | undefined;

  constructor(
    readonly schema: Schema,
    private readonly claim: Claim,
    private readonly server: RpcServer,
    private readonly listener: Listener,
    private readonly presence: NetworkPresence | undefined,
    log: (line: string) => void,
  ) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.stopped = promise;
    this.#resolveStopped = resolve;
    this.#stopSurviving = surviveUserFailures(log);
  }

  get name(): string {
    return this.claim.name;
  }

  get instance(): string {
    return this.claim.instance;
  }

  get socket(): string {
    return this.claim.socket;
  }

  get inFlight(): number {
    return this.server.stats().inFlight;
  }

  stats(): ServerStats {
    return this.server.stats();
  }

  drain(graceMs = DRAIN_GRACE_MS): Promise<void> {
    this.#draining ??= this.#stop(graceMs);
    return this.#draining;
  }

  async #stop(graceMs: number): Promise<void> {
    // Nobody is sent here any more, then nobody is let in.
    await this.presence?.close();
    await this.listener.close();
    const unmark = markProcess(this.claim.instance);
    this.claim.release();
    await this.server.drain(graceMs);
    unmark();
    this.#stopSurviving();
    this.#resolveStopped();
  }
}
