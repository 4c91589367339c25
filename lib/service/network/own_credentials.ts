import { CellError, type Code, SECOND, toCellError } from "../../base/mod.ts";
import type { Credentials, Trust } from "../../net/identity/mod.ts";
import { waitFor } from "../wait_for.ts";
import type { Certification, NodeAgent } from "./agent.ts";
import { StandingStream } from "./standing_stream.ts";

/** Whoever wants to connect to another machine waits no longer for a certificate. */
export const CERTIFIED_MS_MAX = 5 * SECOND;

const ABSENT: ReadonlySet<Code> = new Set(["UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED"]);
const WHAT = "asking the node agent for a certificate of this process";

/** Who this process is to others. */
export interface Who {
  readonly service: string;
  readonly instance: string;
}

/** What a certificate of this process came with. */
export interface Standing {
  readonly credentials: Credentials;
  /** Stays the same object while the authority does; asks for what was revoked meanwhile. */
  readonly trust: Trust;
  readonly certification: Certification;
}

/** Hears of what concerns connections that exist. */
export interface CredentialsListener {
  /** There is a first or another certificate. */
  onRenewed?(standing: Standing): void;
  /** These nodes are no longer members. */
  onRevoked?(nodes: ReadonlySet<string>): void;
  /** The node has left its cluster, or turned its network off. */
  onOffline?(): void;
}

/**
 * The key of this process and what the node agent certifies it with, for as long as anybody holds it: connections of all
 * clients of a process and of what it serves use the same. The key is made at the first use and never leaves the memory.
 */
export class OwnCredentials {
  #standing: Standing | undefined;
  #revoked: ReadonlySet<string> = new Set();
  #first = firstOne();
  #lastError: CellError | undefined;
  readonly #stream: StandingStream<Certification>;
  readonly #listeners = new Set<CredentialsListener>();

  private constructor(
    agent: NodeAgent,
    private readonly identity: typeof import("../../net/identity/mod.ts"),
    who: Who,
    private readonly now: () => number,
  ) {
    const key = identity.createInstanceKey();
    this.#stream = new StandingStream({
      agent,
      open: () => agent.credentials({ ...who, publicKey: key.publicKey }),
      onItem: (certification) => this.#take(key, certification),
      onError: (error) => this.#fail(error),
      onOffline: () => this.#tell((listener) => listener.onOffline?.()),
    });
  }

  /** `now` is the time of day. */
  static async begin(agent: NodeAgent, who: Who, now: () => number = Date.now): Promise<OwnCredentials> {
    return new OwnCredentials(agent, await import("../../net/identity/mod.ts"), who, now);
  }

  /** What it has now; undefined before the first certificate. */
  get standing(): Standing | undefined {
    return this.#standing;
  }

  /**
   * Waits for the first certificate, and keeps the process alive meanwhile. Throws UNAVAILABLE when there is none in time,
   * and at once what the agent has against it.
   */
  async ready(): Promise<Standing> {
    if (this.#standing !== undefined) return this.#standing;
    try {
      if (!isRefusal(this.#lastError)) await waitFor(this.#first.promise, WHAT, CERTIFIED_MS_MAX, undefined);
    } catch (error) {
      this.#lastError ??= toCellError(error);
    }
    return this.#standing ?? this.#absent();
  }

  /** Tells `listener` what there is, and everything that comes, until the function that is returned is called. */
  listen(listener: CredentialsListener): () => void {
    this.#listeners.add(listener);
    if (this.#standing !== undefined) listener.onRenewed?.(this.#standing);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#stream.close();
    this.#listeners.clear();
  }

  #absent(): never {
    const { code, message } = this.#lastError!;
    const isLate = code === "DEADLINE_EXCEEDED";
    const why = isLate ? `it has not given one within ${CERTIFIED_MS_MAX} ms` : message;
    throw new CellError(isLate ? "UNAVAILABLE" : code, `${WHAT}: ${why}`, {
      data: { started: false },
      cause: this.#lastError,
    });
  }

  /** Who waits is told what the agent has against this process; an agent that is gone may be back in a moment. */
  #fail(error: CellError): void {
    this.#lastError = error;
    if (!isRefusal(error) || this.#standing !== undefined) return;
    const { reject } = this.#first;
    this.#first = firstOne();
    reject(error);
  }

  #take(key: ReturnType<typeof this.identity.createInstanceKey>, certification: Certification): void {
    const { chain, authority, expiresAt, revoked } = certification;
    const { createCredentials, createTrust } = this.identity;
    const issued = { chainPem: chain, notAfterMs: expiresAt.getTime() };
    // Throws where others would refuse it; the stream is opened again then.
    const credentials = createCredentials(key, issued, authority, this.now());
    const before = this.#standing;
    const isSame = before?.certification.authority === authority;
    const trust = isSame ? before.trust : createTrust(authority, (node) => this.#revoked.has(node));
    const news = revoked.filter((node) => !this.#revoked.has(node));
    this.#revoked = new Set(revoked);
    this.#standing = { credentials, trust, certification };
    this.#lastError = undefined;
    if (news.length > 0) this.#tell((listener) => listener.onRevoked?.(new Set(news)));
    this.#tell((listener) => listener.onRenewed?.(this.#standing!));
    this.#first.resolve();
  }

  #tell(what: (listener: CredentialsListener) => void): void {
    for (const listener of [...this.#listeners]) what(listener);
  }
}

/** Whether the agent has said so, and is not just away. */
function isRefusal(error: CellError | undefined): boolean {
  return error !== undefined && !ABSENT.has(error.code);
}

/** What is waited for until there is a certificate, by whoever does: nobody has to. */
function firstOne(): PromiseWithResolvers<void> {
  const first = Promise.withResolvers<void>();
  first.promise.catch(() => {});
  return first;
}
