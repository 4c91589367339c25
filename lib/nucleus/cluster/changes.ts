import { Bell } from "./bell.ts";

/** A bell that somebody listens to, until it is disposed. */
export interface Followed extends Disposable {
  readonly bell: Bell;
}

interface Service {
  readonly bell: Bell;
  followers: number;
}

/** What changes of members and instances: who follows one service is not woken for another. */
export class Changes {
  /** Rung at every change. */
  readonly any = new Bell();
  /** Of services that somebody follows. */
  readonly #services = new Map<string, Service>();

  /** How many services are followed. */
  get size(): number {
    return this.#services.size;
  }

  /** Instances of this service have changed; without one, something that concerns all of them. */
  ring(service?: string): void {
    this.any.ring();
    if (service !== undefined) this.#services.get(service)?.bell.ring();
    else for (const { bell } of this.#services.values()) bell.ring();
  }

  /** Something has changed that concerns these services and no others: a node that has them. */
  ringEach(services: Iterable<string>): void {
    this.any.ring();
    for (const service of services) this.#services.get(service)?.bell.ring();
  }

  /** The bell of one service, or of everything. */
  follow(service: string | undefined): Followed {
    if (service === undefined) return { bell: this.any, [Symbol.dispose]: () => {} };
    const followed = this.#services.get(service) ?? { bell: new Bell(), followers: 0 };
    this.#services.set(service, followed);
    followed.followers++;
    let isFollowed = true;
    return {
      bell: followed.bell,
      [Symbol.dispose]: () => {
        if (isFollowed && --followed.followers === 0) this.#services.delete(service);
        isFollowed = false;
      },
    };
  }
}
