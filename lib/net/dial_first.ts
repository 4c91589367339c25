import { CellError, type Code, toCellError } from "../base/mod.ts";
import type { Link } from "./link.ts";

/** One way to an instance. */
export interface DialCandidate {
  /** A relay takes a call to the node agent at this address, which connects to the instance. */
  readonly transport: "quic" | "tls" | "relay";
  readonly host: string;
  readonly port: number;
}

/** How candidates are tried. */
export interface DialFirstOptions {
  /** Who is to be reached, for errors, such as "the agent of node 0a1b2c3d". */
  readonly target?: string;
  /**
   * How long the latest candidate is waited for before the next one is tried as well. Longer spares networks and servers
   * attempts, shorter spares the caller a wait when the best way is blocked in silence.
   * @default STAGGER_MS
   */
  readonly staggerMs?: number;
  /**
   * Whether a failed candidate has told that no other one leads there either: then all are given up at once.
   * @default None has.
   */
  readonly isFinal?: (candidate: DialCandidate, error: CellError) => boolean;
  /** Gives up. */
  readonly signal?: AbortSignal;
  /** Calls back after `delayMs` unless the function that it returns is called before. @default setTimeout */
  readonly schedule?: (callback: () => void, delayMs: number) => () => void;
}

/** Tries one candidate. It should give up when `signal` is aborted; when it succeeds all the same, its link is destroyed. */
export type Dial<Candidate, Dialed> = (candidate: Candidate, signal: AbortSignal) => Promise<Dialed>;

/** RFC 8305, section 8: the recommended delay between two attempts. */
export const STAGGER_MS = 250;
/** Of more candidates than this the rest is not tried: two transports for a dozen addresses, and relays. */
export const CANDIDATES_MAX = 32;
/** Codes of what is not there: nobody answers, or whoever answers does not have it any more. */
const ABSENT: ReadonlySet<Code> = new Set(["UNAVAILABLE", "NOT_FOUND"]);

/**
 * Connects to the first of `candidates`, best first, that can be reached (Happy Eyeballs, RFC 8305, section 5): each gets
 * a head start of `staggerMs` before the next one, which begins at once when an attempt has failed. The others are
 * given up, and destroyed if they come through after all. Throws, when all have failed or one for all (`isFinal`), one error
 * that says of each why, with the most telling of their codes; CANCELLED by `signal`; UNAVAILABLE when there are none, or
 * when what was meant is not there any more: whether it is anywhere else is for others to say. In each, `data.started` is
 * false.
 */
export function dialFirst<Candidate extends DialCandidate, Dialed extends Pick<Link, "destroy">>(
  candidates: readonly Candidate[],
  dial: Dial<Candidate, Dialed>,
  options: DialFirstOptions = {},
): Promise<Dialed> {
  return new Race(candidates.slice(0, CANDIDATES_MAX), dial, options).run();
}

class Race<Candidate extends DialCandidate, Dialed extends Pick<Link, "destroy">> {
  private readonly outcome = Promise.withResolvers<Dialed>();
  /** Attempts that are under way. */
  private readonly attempts = new Set<AbortController>();
  private readonly failures: (CellError | undefined)[] = [];
  private isOver = false;
  private begun = 0;
  private cancelTimer: () => void = () => {};
  private readonly onAbort = () =>
    this.fail(
      new CellError("CANCELLED", `${this.attempted()}: it was cancelled`, {
        cause: this.options.signal?.reason,
        data: { started: false },
      }),
    );

  constructor(
    private readonly candidates: readonly Candidate[],
    private readonly dial: Dial<Candidate, Dialed>,
    private readonly options: DialFirstOptions,
  ) {}

  run(): Promise<Dialed> {
    const { signal } = this.options;
    signal?.addEventListener("abort", this.onAbort, { once: true });
    if (signal?.aborted) this.onAbort();
    else this.next();
    return this.outcome.promise;
  }

  /** Tries one more, if there is one; the attempts under way go on. */
  private next(): void {
    this.cancelTimer();
    const index = this.begun;
    const candidate = this.candidates[index];
    if (candidate === undefined) {
      if (this.attempts.size === 0) this.fail(this.failure());
      return;
    }
    this.begun++;
    if (this.begun < this.candidates.length) {
      const { schedule = scheduleTimeout, staggerMs = STAGGER_MS } = this.options;
      this.cancelTimer = schedule(() => this.next(), staggerMs);
    }
    void this.attempt(candidate, index);
  }

  private async attempt(candidate: Candidate, index: number): Promise<void> {
    const controller = new AbortController();
    this.attempts.add(controller);
    try {
      const link = await this.dial(candidate, controller.signal);
      this.attempts.delete(controller);
      if (this.isOver) return link.destroy();
      this.end();
      this.outcome.resolve(link);
    } catch (error) {
      this.attempts.delete(controller);
      const failure = this.failures[index] = toCellError(error, "UNAVAILABLE");
      if (this.isOver) return;
      if (this.options.isFinal?.(candidate, failure)) this.fail(this.failure());
      else this.next();
    }
  }

  private fail(error: CellError): void {
    if (this.isOver) return;
    this.end();
    this.outcome.reject(error);
  }

  private end(): void {
    this.isOver = true;
    this.cancelTimer();
    this.options.signal?.removeEventListener("abort", this.onAbort);
    for (const attempt of this.attempts) attempt.abort();
  }

  private attempted(): string {
    const { target } = this.options;
    return target === undefined ? "connecting" : `connecting to ${target}`;
  }

  /** All failures in one. A refusal tells more than an address at which nobody answers. */
  private failure(): CellError {
    const failures = this.failures.filter((error) => error !== undefined);
    const [first] = failures;
    if (first === undefined) {
      return new CellError("UNAVAILABLE", `${this.attempted()}: no address is known`, { data: { started: false } });
    }
    const refusal = failures.find(({ code }) => !ABSENT.has(code));
    const each = this.candidates.flatMap(({ transport }, index) => {
      const error = this.failures[index];
      return error === undefined ? [] : [`By ${transport}: ${error.message.replace(/\.$/, "")}.`];
    });
    return new CellError(refusal?.code ?? "UNAVAILABLE", `${this.attempted()}: no way leads there. ${each.join(" ")}`, {
      retryable: refusal === undefined || failures.some(({ retryable }) => retryable),
      cause: first,
      data: { started: false },
    });
  }
}

function scheduleTimeout(callback: () => void, delayMs: number): () => void {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
}
