import { CellError, MS, SECOND } from "../../base/mod.ts";
import type { CatalogInstance } from "../client/mod.ts";
import type { Changes } from "./changes.ts";

/** Who follows instances at the same time. */
export const WATCHERS_MAX = 4096;
/** Who follows one service hears no more often, however fast it changes. */
export const WATCH_MS_MIN = 100 * MS;
/** The same for who follows everything: of a large cluster that is megabytes. */
export const WATCH_ALL_MS_MIN = 1 * SECOND;
/** This node's own instances come and go, and have something to do, without a word: it is looked at them as often as this. */
export const WATCH_LOOK_MS = 5 * SECOND;

/** What is seen of one service, or of everything. */
interface View {
  watchers: number;
  /** Counts up with what is seen. */
  revision: number;
  instances: CatalogInstance[];
  text: string;
  /** Under way or done, and what had been heard when it began. */
  look: Promise<void> | undefined;
  seen: number;
  lookedAtMs: number;
}

/**
 * Streams of instances as they change. All that follow the same share one look at it: a change costs the same for one follower
 * as for a thousand, and nothing for those of other services.
 */
export class Watchers {
  readonly #views = new Map<string | undefined, View>();
  #count = 0;

  /** `instances` gives what there is now. */
  constructor(
    private readonly changes: Changes,
    private readonly instances: (service: string | undefined) => Promise<CatalogInstance[]>,
  ) {}

  /** How many follow something. */
  get count(): number {
    return this.#count;
  }

  /**
   * The instances of a service, or all: at once, and again when they are others. What changes faster than the caller reads is left
   * out. Ends with `signal`. Throws RESOURCE_EXHAUSTED when too many follow already.
   */
  async *watch(service: string | undefined, signal: AbortSignal): AsyncGenerator<CatalogInstance[], void, void> {
    if (this.#count >= WATCHERS_MAX) {
      throw new CellError("RESOURCE_EXHAUSTED", `following instances: ${WATCHERS_MAX} are followed already`, {
        retryable: true,
        data: { started: false, limit: "WATCHERS_MAX" },
      });
    }
    using followed = this.changes.follow(service);
    using held = this.#hold(service);
    const { bell } = followed;
    let last: number | undefined;
    while (!signal.aborted) {
      const seen = bell.count;
      await this.#look(held.view, service, seen);
      const { revision, instances, lookedAtMs } = held.view;
      if (revision !== last) yield instances;
      last = revision;
      await bell.after(seen, signal, WATCH_LOOK_MS);
      const waitMs = lookedAtMs + (service === undefined ? WATCH_ALL_MS_MIN : WATCH_MS_MIN) - performance.now();
      if (waitMs > 0) await pause(waitMs, signal);
    }
  }

  #hold(service: string | undefined): Disposable & { readonly view: View } {
    const fresh = {
      watchers: 0,
      revision: 0,
      instances: [],
      text: "",
      look: undefined,
      seen: -1,
      lookedAtMs: -Infinity,
    };
    const view: View = this.#views.get(service) ?? fresh;
    this.#views.set(service, view);
    view.watchers++;
    this.#count++;
    return {
      view,
      [Symbol.dispose]: () => {
        this.#count--;
        if (--view.watchers === 0) this.#views.delete(service);
      },
    };
  }

  /** Makes sure that the view is of no earlier than what was heard with ring `seen`, nor too old. */
  #look(view: View, service: string | undefined, seen: number): Promise<void> {
    const isNew = view.seen >= seen && performance.now() - view.lookedAtMs < WATCH_LOOK_MS / 2;
    if (view.look !== undefined && isNew) return view.look;
    view.seen = seen;
    view.lookedAtMs = performance.now();
    // One after the other, so that what was seen last is what stays.
    const before = view.look ?? Promise.resolve();
    return view.look = before.catch(() => {}).then(() => this.#see(view, service));
  }

  async #see(view: View, service: string | undefined): Promise<void> {
    const instances = await this.instances(service);
    const text = JSON.stringify(instances);
    if (text === view.text) return;
    view.text = text;
    view.instances = instances;
    view.revision++;
  }
}

/** Waits for a time, or for `signal`. */
async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const onAbort = () => resolve();
  const timer = setTimeout(resolve, delayMs);
  timer.unref();
  signal.addEventListener("abort", onAbort, { once: true });
  await promise;
  signal.removeEventListener("abort", onAbort);
  clearTimeout(timer);
}
