import type { Fallback, RpcClient } from "../../rpc/mod.ts";
import type { Endpoint } from "../directory.ts";
import type { Loaded } from "./pick.ts";
import type { Species, Versioned } from "./species.ts";

/** Above every distance. */
const UNLISTED_RANK = 4;

/** One connection of a pool, to one instance. */
export class PooledConnection implements Loaded, Versioned {
  /** The instance's. */
  readonly id: string;
  readonly species: Species;
  readonly release: number | undefined;
  /** See `Endpoint.distance`. */
  readonly distance: number;
  /** See `Endpoint.place`. */
  readonly place: string | undefined;
  /** Whether the instance was there when they were last listed. One that was not is only used when no other is there. */
  isListed = true;
  /** See `Endpoint.isSilent`, when the instances were last listed. */
  isSilent = false;
  /** What takes over the calls that fail on it; made by the first call. */
  fallback: Fallback | undefined = undefined;
  /** How often a call was given to it. */
  picks = 0;
  #picksBefore = 0;
  #picksAtReset = -1;

  constructor({ id, species, release, distance, place }: Omit<Endpoint, "dial">, readonly client: RpcClient) {
    this.id = id;
    this.species = species;
    this.release = release;
    this.distance = distance;
    this.place = place;
  }

  /** Of two connections of one species the one with the lower rank gets the calls. */
  get rank(): number {
    return this.isListed ? this.distance : this.distance + UNLISTED_RANK;
  }

  get inFlight(): number {
    return this.client.inFlight;
  }

  /** 0 when what was last said is old: an instance that was busy once must not be avoided for ever. */
  get reportedLoad(): number {
    return this.picks === this.#picksAtReset ? 0 : this.client.load.inFlight;
  }

  /** Ends a period; whether no call was given to the connection in it. */
  endPeriod(): boolean {
    const wasUnused = this.picks === this.#picksBefore;
    if (wasUnused) this.#picksAtReset = this.picks;
    this.#picksBefore = this.picks;
    return wasUnused;
  }
}
