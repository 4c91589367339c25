import { type CellError, MS, SECOND, toCellError } from "../../base/mod.ts";
import { outsideCalls } from "../../rpc/mod.ts";
import type { AgentStream, NodeAgent } from "./agent.ts";

/** The wait before a stream that has ended is opened again; each further one is twice as long... */
export const REOPEN_FIRST_MS = 100 * MS;
/** ...up to this. So often it is also looked for an agent that has been away for long. */
export const REOPEN_MS_MAX = 5 * SECOND;

/** Where an agent runs, its network may be turned on at any time, by somebody who waits for what follows. */
export const OFFLINE_LOOK_MS = 1 * SECOND;

/** A stream of the agent that stands for as long as somebody wants what it brings. */
export interface StandingStreamOptions<T> {
  readonly agent: Pick<NodeAgent, "state">;
  /** Opens the stream. */
  open(): AgentStream<T>;
  onItem(item: T): void;
  /** It could not be opened, or has failed. It is opened again. */
  onError?(error: CellError): void;
  /** The agent says that its network is off. Called at each look for as long as it does. */
  onOffline?(): void;
  /** From 0 to below 1. @default Math.random */
  readonly random?: () => number;
}

/**
 * Opens a stream of the agent, and again when it has ended, until it is closed: after growing waits, whatever became of the
 * agent, which holds no lock for a moment when its program is replaced. It is part of no call and does not keep the process
 * alive; it costs a look at a lock every `REOPEN_MS_MAX` when there has been no agent for long, and every `OFFLINE_LOOK_MS`
 * beside one without a network.
 */
export class StandingStream<T> {
  #items: AgentStream<T> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waitMs = REOPEN_FIRST_MS;
  #isClosed = false;

  constructor(private readonly options: StandingStreamOptions<T>) {
    this.#open();
  }

  /** Takes no further item. What was opened is given back to the agent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#items?.close();
  }

  #open(): void {
    const state = this.options.agent.state();
    if (state === "offline") this.options.onOffline?.();
    if (state === "offline") return this.#openLater(OFFLINE_LOOK_MS);
    if (state !== "online") return this.#openSoon();
    outsideCalls(() => void this.#read());
  }

  async #read(): Promise<void> {
    try {
      this.#items = this.options.open();
      for await (const item of this.#items) {
        if (this.#isClosed) return;
        this.#waitMs = REOPEN_FIRST_MS;
        this.options.onItem(item);
      }
    } catch (error) {
      if (!this.#isClosed) this.options.onError?.(toCellError(error));
    }
    this.#items = undefined;
    if (this.#isClosed) return;
    this.#openSoon();
  }

  #openSoon(): void {
    const { random = Math.random } = this.options;
    // All processes of a node lose their streams at the same moment.
    this.#openLater(this.#waitMs * (0.5 + random() / 2));
    this.#waitMs = Math.min(2 * this.#waitMs, REOPEN_MS_MAX);
  }

  #openLater(waitMs: number): void {
    this.#timer = setTimeout(() => this.#open(), waitMs);
    this.#timer.unref();
  }
}
