import { CellError, toCellError } from "../base/mod.ts";

/** One way to an instance. */
export interface DialCandidate {
  /** A relay takes a call to the node agent at this address, which connects to the instance. */
  readonly transport: "quic" | "tls" | "relay";
  readonly host: string;
  readonly port: number;
}

/** How candidates are tried. */
export interface DialFirstOptions<Candidate extends DialCandidate, Connected> {
  /** Tries one. It should give up when `signal` is aborted; when it succeeds all the same, what it made is discarded. */
  dial(candidate: Candidate, signal: AbortSignal): Promise<Connected>;
  /** Closes a connection that came too late. */
  discard(connected: Connected): void;
  /**
   * How long the latest candidate is waited for before the next one is tried as well. Longer spares networks and servers
   * attempts, shorter spares the caller a wait when the best way is blocked in silence.
   * @default STAGGER_MS
   */
  readonly staggerMs?: number;
  /** Gives up. */
  readonly signal?: AbortSignal;
  /** Calls back after `delayMs` unless the function that it returns is called before. @default setTimeout */
  readonly schedule?: (callback: () => void, delayMs: number) => () => void;
}

/** The candidate that was connected to first, and the connection. */
export interface FirstDialed<Candidate extends DialCandidate, Connected> {
  readonly candidate: Candidate;
  readonly connected: Connected;
}

/** RFC 8305, section 8: the recommended delay between two attempts. */
export const STAGGER_MS = 250;
/** Of more candidates than this the rest is not tried: two transports for a dozen addresses, and relays. */
export const CANDIDATES_MAX = 32;

/**
 * Connects to the first of `candidates`, best first, that can be reached (Happy Eyeballs, RFC 8305, section 5): each gets
 * a head start of `staggerMs` before the next one, which begins at once when an attempt has failed. The others are
 * given up, and closed if they come through after all. Throws, when all have failed, one error that says of each why, with the
 * most telling of their codes; CANCELLED by `signal`; UNAVAILABLE when there are none. In each, `data.started` is false.
 */
export function dialFirst<Candidate extends DialCandidate, Connected>(
  candidates: readonly Candidate[],
  options: DialFirstOptions<Candidate, Connected>,
): Promise<FirstDialed<Candidate, Connected>> {
  return new Race(candidates.slice(0, CANDIDATES_MAX), options).run();
}

class Race<Candidate extends DialCandidate, Connected> {
  private readonly outcome = Promise.withResolvers<FirstDialed<Candidate, Connected>>();
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
    private readonly options: DialFirstOptions<Candidate, Connected>,
  ) {}

  run(): Promise<FirstDialed<Candidate, Connected>> {
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
      const connected = await this.options.dial(candidate, controller.signal);
      this.attempts.delete(controller);
      if (this.isOver) return this.options.discard(connected);
      this.end();
      this.outcome.resolve({ candidate, connected });
    } catch (error) {
      this.attempts.delete(controller);
      this.failures[index] = toCellError(error, "UNAVAILABLE");
      if (!this.isOver) this.next();
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
    const ways = this.candidates.length === 1 ? "one way" : `${this.candidates.length} ways`;
    return `connecting, ${ways} tried`;
  }

  /** All failures in one. A refusal tells more than an address at which nobody answers. */
  private failure(): CellError {
    const failures = this.failures.filter((error) => error !== undefined);
    const [only] = failures;
    if (only === undefined) {
      return new CellError("UNAVAILABLE", "connecting: no address is known", { data: { started: false } });
    }
    const { code } = failures.find((error) => error.code !== "UNAVAILABLE") ?? only;
    const each = this.candidates.map(({ transport, host, port }, index) =>
      `${transport} to ${host.includes(":") ? `[${host}]` : host}:${port}: ${this.failures[index]?.message}`
    );
    return new CellError(code, `${this.attempted()}. ${each.join(" ")}`, {
      retryable: failures.some(({ retryable }) => retryable),
      cause: only,
      data: { started: false },
    });
  }
}

function scheduleTimeout(callback: () => void, delayMs: number): () => void {
  const timer = setTimeout(callback, delayMs);
  return () => clearTimeout(timer);
}
