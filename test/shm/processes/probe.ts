/** How often the timer of a probe should fire. */
const INTERVAL_MS = 5;

/**
 * How often the timer of a process fired, how many calls it made or answered at most between two firings, and how often
 * everything else had its turn. Calls and not time: a process without a core makes none.
 */
export interface Lateness {
  firings: number;
  callsBetweenMax: number;
  fileReads: number;
  tcpEchoes: number;
  ticks: number;
  immediates: number;
}

/** Keeps a timer, a file, a TCP connection to itself, process.nextTick and setImmediate busy, and counts what came of it. */
export class Probe {
  #isStopped = false;
  #callsAtFiring: number;
  readonly #counts = { firings: 0, callsBetweenMax: 0, fileReads: 0, tcpEchoes: 0, ticks: 0, immediates: 0 };
  readonly #timer = setInterval(() => this.#onTimer(), INTERVAL_MS);
  readonly #server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket, bytes) => void socket.write(bytes) },
  });
  #socket: Bun.Socket | undefined;
  #reading: Promise<void> | undefined;

  private constructor(private readonly calls: () => number) {
    this.#callsAtFiring = calls();
  }

  /** `calls` says how many calls the process has made or answered so far. */
  static async start(calls: () => number): Promise<Probe> {
    const probe = new Probe(calls);
    probe.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: probe.#server.port,
      socket: { data: (socket, bytes) => probe.#onEcho(socket, bytes) },
    });
    probe.#socket.write("x");
    probe.#reading = probe.#readFiles();
    probe.#countTurn();
    return probe;
  }

  /** What came of it so far. */
  seen(): Lateness {
    // The gap that is open is the longest one when the timer never fires.
    const callsBetweenMax = Math.max(this.#counts.callsBetweenMax, this.calls() - this.#callsAtFiring);
    return { ...this.#counts, callsBetweenMax };
  }

  async stop(): Promise<Lateness> {
    const seen = this.seen();
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#socket?.end();
    this.#server.stop(true);
    await this.#reading;
    return seen;
  }

  #onTimer(): void {
    const calls = this.calls();
    this.#counts.firings++;
    this.#counts.callsBetweenMax = Math.max(this.#counts.callsBetweenMax, calls - this.#callsAtFiring);
    this.#callsAtFiring = calls;
    process.nextTick(() => this.#counts.ticks++);
  }

  #onEcho(socket: Bun.Socket, bytes: Uint8Array): void {
    this.#counts.tcpEchoes++;
    // Not in a tight loop: it should not be the load, only notice it.
    if (!this.#isStopped) setTimeout(() => socket.write(bytes), INTERVAL_MS);
  }

  async #readFiles(): Promise<void> {
    while (!this.#isStopped) {
      await Bun.file("/proc/self/stat").text();
      this.#counts.fileReads++;
      await Bun.sleep(INTERVAL_MS);
    }
  }

  #countTurn(): void {
    if (this.#isStopped) return;
    setImmediate(() => {
      this.#counts.immediates++;
      setTimeout(() => this.#countTurn(), INTERVAL_MS);
    });
  }
}
