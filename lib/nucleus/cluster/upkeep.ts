import { SECOND, toCellError } from "../../base/mod.ts";
import type { NetworkSettings } from "../home/mod.ts";
import { ClockWatch } from "./clock_watch.ts";
import { type InterfaceAddress, isNowhere, ownAddresses } from "./own_addresses.ts";

/** How often others are told how instances do, and it is looked at this machine's addresses and clock. */
const REFRESH_MS = 5 * SECOND;

/** What is kept up. */
export interface UpkeepOptions {
  readonly network: Pick<NetworkSettings, "host" | "addresses">;
  /** Those that others know. */
  addresses(): readonly string[];
  /** This machine has others. */
  onAddresses(addresses: string[]): void;
  /** Certificates that were made before may have expired, or not be valid yet. */
  onClockJump(): void;
  /** Tells others how instances do. */
  refresh(): void;
  log(line: string): void;
  readonly clock?: ClockWatch;
  readonly interfaces?: () => Iterable<InterfaceAddress>;
}

/** Looks every few seconds whether what others know of this node is still so. */
export class Upkeep implements Disposable {
  readonly #clock: ClockWatch;
  readonly #timer: ReturnType<typeof setInterval>;
  #lastTold = "";

  constructor(private readonly options: UpkeepOptions) {
    this.#clock = options.clock ?? new ClockWatch();
    this.#timer = setInterval(() => this.look(), REFRESH_MS);
    this.#timer.unref();
  }

  /** Looks now. What goes wrong is told once, and keeps nothing else from being looked at. */
  look(): void {
    for (const part of [this.options.refresh, () => this.#followClock(), () => this.#followAddresses()]) {
      try {
        part();
      } catch (error) {
        this.#tell(`error: telling others of this node: ${toCellError(error).message}`);
      }
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #followClock(): void {
    const jumpMs = this.#clock.look();
    if (jumpMs === 0) return;
    const seconds = Math.round(jumpMs / SECOND);
    this.options.log(`the time of day has jumped by ${seconds} s: this node's certificates are made anew`);
    this.options.onClockJump();
  }

  #followAddresses(): void {
    const before = this.options.addresses().join(", ");
    const addresses = ownAddresses(this.options.network, this.options.interfaces);
    // A machine whose network is away for a moment will have it again; meanwhile nobody hears of anything.
    if (addresses.join(", ") === before || isNowhere(addresses)) return;
    this.options.log(`this machine's addresses have changed: ${addresses.join(", ")} after ${before}`);
    this.options.onAddresses(addresses);
  }

  #tell(line: string): void {
    if (line !== this.#lastTold) this.options.log(line);
    this.#lastTold = line;
  }
}
