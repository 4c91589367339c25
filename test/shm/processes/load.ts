import { CellError, type Client, connect } from "cell";
import type { Item } from "./target.ts";

/** Longer than anything but a defect takes; a call that nobody answers ends with DEADLINE_EXCEEDED, which is one. */
const HANG_MS = 30_000;
/** Streams are longer than their window of credit, so that both sides wait for each other. */
const STREAM_ITEMS = 1_000;
const PADDING = "x".repeat(500);
const LARGE_BYTES = 2 ** 20;
/** Small calls are most of the load, and leave time for processes to start... */
const SMALL_CALLS_PER_PAUSE = 32;
const SMALL_PAUSE_MS = 2;
/** ...and so do streams and large messages. */
const LARGE_PAUSE_MS = 25;
/** A connection that comes and goes makes this many calls: fewer than, as many as, and more than it takes to leave the socket. */
const CHURN_CALLS = [1, 8, 40];

/** What a load did so far. */
export interface LoadReport {
  /** Answers by what was called: "safe", "churn". */
  answered: { [kind: string]: number };
  /** Errors by what was called and how it ended: "once UNAVAILABLE". */
  failed: { [kindAndCode: string]: number };
  /** Answers that were not right, and errors that nothing explains. */
  wrong: string[];
  /** Calls that have no answer yet. */
  pending: number;
}

/** A client gives a service that has gone this long to come back (`VANISHED_MS_MAX`); a loaded machine may need longer. */
const AWAY_MS = 2_000;
/** Errors that a process's sudden death explains; nothing explains one for a call that can be made again. */
const EXPLAINED: { [kind: string]: string[] } = {
  safe: [],
  echo: [],
  once: ["UNAVAILABLE"],
  count: ["UNAVAILABLE"],
  total: ["UNAVAILABLE"],
  // A client that has never reached the service does not wait for one that is not there.
  churn: ["UNAVAILABLE", "NOT_FOUND"],
};
const WRONG_MAX = 20;

/** Calls of every kind to each of some services, without end until it is stopped. */
export class Load {
  readonly #clients: Client[] = [];
  #loops: Promise<void>[] = [];
  #isStopped = false;
  readonly #report: LoadReport = { answered: {}, failed: {}, wrong: [], pending: 0 };

  static async start(services: string[]): Promise<Load> {
    const load = new Load();
    await Promise.all(services.map((service) => load.#begin(service)));
    return load;
  }

  report(): LoadReport {
    return this.#report;
  }

  /** Begins no further call, waits for those that are pending, and closes the connections. */
  async stop(): Promise<LoadReport> {
    this.#isStopped = true;
    await Promise.all(this.#loops);
    await Promise.all(this.#clients.map((client) => client.close()));
    return this.#report;
  }

  async #begin(service: string): Promise<void> {
    const client = await connect(service, { timeoutMs: HANG_MS });
    this.#clients.push(client);
    this.#loops.push(
      this.#repeat("safe", service, () => this.#safe(client)),
      this.#repeat("once", service, () => this.#once(client)),
      this.#repeat("echo", service, () => this.#echo(client), LARGE_PAUSE_MS),
      this.#repeat("count", service, () => this.#count(client), LARGE_PAUSE_MS),
      this.#repeat("total", service, () => this.#total(client), LARGE_PAUSE_MS),
      this.#repeat("churn", service, () => this.#churn(service), LARGE_PAUSE_MS),
    );
  }

  async #repeat(kind: string, service: string, call: () => Promise<void>, pauseMs = 0): Promise<void> {
    const report = this.#report;
    for (let made = 0; !this.#isStopped; made++) {
      const startedAt = performance.now();
      report.pending++;
      try {
        await call();
        this.#tally(report.answered, kind);
        this.#tally(report.answered, service);
        if (pauseMs > 0) await Bun.sleep(pauseMs);
        else if (made % SMALL_CALLS_PER_PAUSE === 0) await Bun.sleep(SMALL_PAUSE_MS);
      } catch (thrown) {
        const code = thrown instanceof CellError ? thrown.code : "no CellError";
        this.#tally(report.failed, `${kind} ${code}`);
        const wasAway = code === "NOT_FOUND" && performance.now() - startedAt > AWAY_MS;
        if (!wasAway && !EXPLAINED[kind]!.includes(code)) {
          this.#wrong(`${kind} to ${service}: ${code}: ${String(thrown)}`);
        }
        await Bun.sleep(1);
      } finally {
        report.pending--;
      }
    }
  }

  #tally(counts: { [name: string]: number }, name: string): void {
    counts[name] = (counts[name] ?? 0) + 1;
  }

  #wrong(what: string): void {
    if (this.#report.wrong.length < WRONG_MAX) this.#report.wrong.push(what);
  }

  #expect(isRight: boolean, what: string): void {
    if (!isRight) this.#wrong(what);
  }

  async #safe(client: Client): Promise<void> {
    const value = Math.floor(Math.random() * 2 ** 31);
    const calls = [value, value + 1, value + 2].map((each) => client.call<number>("safe", [each]));
    const answers = await Promise.all(calls);
    this.#expect(answers.every((answer, index) => answer === value + index + 1), `safe(${value}): ${answers}`);
  }

  async #once(client: Client): Promise<void> {
    const answer = await client.call<number>("once", [41]);
    this.#expect(answer === 42, `once(41): ${answer}`);
  }

  async #echo(client: Client): Promise<void> {
    const bytes = new Uint8Array(LARGE_BYTES).fill(Math.floor(Math.random() * 256));
    bytes[0] = 1;
    bytes[LARGE_BYTES - 1] = 2;
    const answer = await client.call<Uint8Array>("echo", [bytes]);
    this.#expect(Buffer.compare(answer, bytes) === 0, `echo of ${LARGE_BYTES} bytes: other bytes came back`);
  }

  async #count(client: Client): Promise<void> {
    let expected = 0;
    const stream = client.stream<Item>("count", [STREAM_ITEMS, PADDING], { timeoutMs: HANG_MS });
    for await (const { value } of stream) {
      if (value !== expected++) return this.#wrong(`count: ${value} in the place of ${expected - 1}`);
      if (this.#isStopped && expected > STREAM_ITEMS / 2) return;
    }
    this.#expect(expected === STREAM_ITEMS, `count: it ended after ${expected} items`);
  }

  async #total(client: Client): Promise<void> {
    const sum = await client.call<number>("total", [items(STREAM_ITEMS)], { timeoutMs: HANG_MS });
    this.#expect(sum === (STREAM_ITEMS * (STREAM_ITEMS - 1)) / 2, `total: ${sum}`);
  }

  async #churn(service: string): Promise<void> {
    const client = await connect(service, { timeoutMs: HANG_MS });
    try {
      const calls = CHURN_CALLS[Math.floor(Math.random() * CHURN_CALLS.length)]!;
      for (let made = 0; made < calls; made++) await client.call("once", [made]);
    } finally {
      await client.close();
    }
  }
}

async function* items(to: number): AsyncGenerator<Item> {
  for (let value = 0; value < to; value++) yield { value, padding: PADDING };
}
