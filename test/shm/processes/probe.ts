/** How often the timer of a probe should fire. */
const INTERVAL_MS = 5;

/** How late the timer of a process was, and how often everything else had its turn. */
export interface Lateness {
  firings: number;
  lateP99Ms: number;
  gapMaxMs: number;
  fileReads: number;
  tcpEchoes: number;
  ticks: number;
  immediates: number;
}

/** Keeps a timer, a file, a TCP connection to itself, process.nextTick and setImmediate busy, and counts what came of it. */
export class Probe {
  #isStopped = false;
  #lastAt = performance.now();
  readonly #gapsMs: number[] = [];
  readonly #counts = { fileReads: 0, tcpEchoes: 0, ticks: 0, immediates: 0 };
  readonly #timer = setInterval(() => this.#onTimer(), INTERVAL_MS);
  readonly #server = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket, bytes) => void socket.write(bytes) },
  });
  #socket: Bun.Socket | undefined;
  #reading: Promise<void> | undefined;

  private constructor() {}

  static async start(): Promise<Probe> {
    const probe = new Probe();
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

  async stop(): Promise<Lateness> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    this.#socket?.end();
    this.#server.stop(true);
    await this.#reading;
    // The gap that is open is the longest one when the timer never fires.
    this.#gapsMs.push(performance.now() - this.#lastAt);
    const late = this.#gapsMs.map((gapMs) => Math.max(0, gapMs - INTERVAL_MS)).sort((a, b) => a - b);
    return {
      firings: this.#gapsMs.length - 1,
      lateP99Ms: late[Math.floor(late.length * 0.99)]!,
      gapMaxMs: Math.max(...this.#gapsMs),
      ...this.#counts,
    };
  }

  #onTimer(): void {
    const now = performance.now();
    this.#gapsMs.push(now - this.#lastAt);
    this.#lastAt = now;
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
