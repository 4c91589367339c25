import { CellError } from "../base/mod.ts";
import type { Progress } from "./client/mod.ts";

/** Streams that may be open at once: each is somebody who watches a deploy. */
export const FOLLOWERS_MAX = 256;
/** What a follower that does not read keeps; older news are dropped, the newest are what it needs. */
export const NEWS_MAX = 256;

/** What a service has come to, for those who follow it. */
export interface Standing {
  readonly progress: Omit<Progress, "message">;
  /** Nothing more is to come: the last item tells so. */
  readonly isSettled: boolean;
  /** What was asked for has failed: makes the error that says so. */
  readonly failure: (() => CellError) | undefined;
}

class Follower {
  readonly news: Progress[] = [];
  #wake: (() => void) | undefined;
  #isWoken = false;

  tell(progress: Progress): void {
    this.news.push(progress);
    if (this.news.length > NEWS_MAX) this.news.shift();
    this.wake();
  }

  wake(): void {
    this.#isWoken = true;
    this.#wake?.();
  }

  /** Resolves with the next `wake`, or at once when there was one since it last resolved. */
  async sleep(): Promise<void> {
    if (!this.#isWoken) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#wake = undefined;
    this.#isWoken = false;
  }
}

/** The streams of those who watch what becomes of a service. */
export class Followers {
  readonly #followers = new Map<string, Set<Follower>>();
  #count = 0;

  get size(): number {
    return this.#count;
  }

  /** Something has happened to a service. */
  tell(service: string, progress: Progress): void {
    for (const follower of this.#followers.get(service) ?? []) follower.tell(progress);
  }

  /** The state of services has changed: streams whose service has settled end. */
  wake(): void {
    for (const followers of this.#followers.values()) {
      for (const follower of followers) follower.wake();
    }
  }

  /** What happens from now on, until the service has settled. Throws its failure. */
  async *follow(service: string, standing: () => Standing): AsyncGenerator<Progress, void, void> {
    if (this.#count >= FOLLOWERS_MAX) {
      throw new CellError(
        "RESOURCE_EXHAUSTED",
        `following ${service}: ${FOLLOWERS_MAX} callers follow services already`,
      );
    }
    const follower = this.#add(service);
    this.#count++;
    try {
      yield { ...standing().progress, message: "" };
      for (;;) {
        const { progress, isSettled, failure } = standing();
        yield* follower.news.splice(0);
        if (failure !== undefined) throw failure();
        if (isSettled) {
          yield { ...progress, message: "" };
          return;
        }
        if (follower.news.length === 0) await follower.sleep();
      }
    } finally {
      this.#count--;
      this.#remove(service, follower);
    }
  }

  /** Resolves when something holds of a service. Whoever waits is no stream and takes nobody's place. */
  async until(service: string, holds: () => boolean): Promise<void> {
    const follower = this.#add(service);
    try {
      while (!holds()) await follower.sleep();
    } finally {
      this.#remove(service, follower);
    }
  }

  #add(service: string): Follower {
    const follower = new Follower();
    const followers = this.#followers.get(service) ?? new Set();
    this.#followers.set(service, followers.add(follower));
    return follower;
  }

  #remove(service: string, follower: Follower): void {
    const followers = this.#followers.get(service);
    followers?.delete(follower);
    if (followers?.size === 0) this.#followers.delete(service);
  }
}
