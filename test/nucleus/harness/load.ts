import { toCellError } from "../../../lib/base/mod.ts";
import { connectService, type RemoteService } from "../../../lib/service/mod.ts";
import { until } from "../../harness/mod.ts";

/** Callers that ask at the same time, each with a moment between its calls. */
const CALLERS_DEFAULT = 8;
const PAUSE_MS = 1;

/** What a load calls, and how. */
export interface LoadOptions {
  method: string;
  args?: readonly unknown[];
  callers?: number;
}

/** Calls of one method that go on until they are stopped; what was answered and what failed is counted. */
export class Load implements AsyncDisposable {
  answered = 0;
  readonly failures: string[] = [];
  /** How often each result came. */
  readonly results = new Map<unknown, number>();
  readonly #callers: Promise<void>[];
  #isStopped = false;

  private constructor(private readonly client: RemoteService, options: LoadOptions) {
    const { method, args = [], callers = CALLERS_DEFAULT } = options;
    this.#callers = Array.from({ length: callers }, () => this.#ask(method, args));
  }

  /** Starts calling; resolves when the first answers are there. */
  static async start(service: string, options: LoadOptions): Promise<Load> {
    const load = new Load(await connectService(service), options);
    await load.more(10);
    return load;
  }

  /** Waits for `count` more answers or failures. */
  async more(count: number): Promise<void> {
    const goal = this.#made() + count;
    await until(() => this.#made() >= goal, `${count} more calls; ${this.answered} answered, failed: ${this.failures}`);
  }

  /** Ends the calls; those in flight are waited for. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#callers);
    await this.client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #made(): number {
    return this.answered + this.failures.length;
  }

  async #ask(method: string, args: readonly unknown[]): Promise<void> {
    while (!this.#isStopped) {
      try {
        const result = await this.client.call(method, args);
        this.answered++;
        this.results.set(result, (this.results.get(result) ?? 0) + 1);
      } catch (error) {
        const { code, message } = toCellError(error);
        this.failures.push(`${code}: ${message}`);
      }
      await Bun.sleep(PAUSE_MS);
    }
  }
}
