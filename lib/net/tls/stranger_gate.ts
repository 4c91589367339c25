import { assert, SECOND } from "../../base/mod.ts";
import type { TlsLimits } from "./limits.ts";

/**
 * Addresses that are remembered. When one more comes, the longest known of those without a stranger inside is forgotten; it
 * may then be as fast as a new one, and whoever has so many addresses is held up by the rate for all.
 */
export const ADDRESSES_MAX = 4096;

/** What the gate knows of one address. */
interface Visitor {
  /** Strangers of it that are inside. */
  inside: number;
  readonly rate: TokenBucket;
}

/** Why somebody is not let in. */
export type Refusal = "too many at once" | "too many of this address" | "too fast" | "too fast from this address";

/**
 * Who may begin a handshake: counts those who have not proved who they are, altogether and by address, and how fast new
 * ones come (a token bucket of one second's worth, altogether and by address). Whoever is refused costs nothing but the
 * accept; whoever is let in must `leave` exactly once.
 */
export class StrangerGate {
  private readonly visitors = new Map<string, Visitor>();
  private readonly rate: TokenBucket;
  private insideCount = 0;

  constructor(private readonly limits: TlsLimits, private readonly now: () => number) {
    this.rate = new TokenBucket(limits.connectionsPerSecond, now());
  }

  /** Strangers inside. */
  get inside(): number {
    return this.insideCount;
  }

  /** Addresses that are remembered. */
  get addressCount(): number {
    return this.visitors.size;
  }

  /** Lets a client of `address` in, or says why not. */
  enter(address: string): Refusal | undefined {
    const { limits } = this;
    const nowMs = this.now();
    const visitor = this.visitorOf(networkOf(address), nowMs);
    if (visitor.inside >= limits.strangersPerAddressMax) return "too many of this address";
    // One address must not use up what the others may do.
    if (!visitor.rate.hasToken(nowMs)) return "too fast from this address";
    if (!this.rate.hasToken(nowMs)) return "too fast";
    // Last: whoever hears this may come in when another has left.
    if (this.insideCount >= limits.strangersMax) return "too many at once";
    visitor.rate.take();
    this.rate.take();
    visitor.inside++;
    this.insideCount++;
    return undefined;
  }

  /** A client of `address` that was let in is gone, or has proved who it is. */
  leave(address: string): void {
    const visitor = this.visitors.get(networkOf(address));
    assert(visitor !== undefined && visitor.inside > 0, "whoever leaves has been let in");
    visitor.inside--;
    this.insideCount--;
  }

  private visitorOf(network: string, nowMs: number): Visitor {
    let visitor = this.visitors.get(network);
    if (visitor === undefined) {
      if (this.visitors.size >= ADDRESSES_MAX) this.forgetOldest();
      visitor = { inside: 0, rate: new TokenBucket(this.limits.connectionsPerSecondPerAddress, nowMs) };
      this.visitors.set(network, visitor);
    }
    return visitor;
  }

  /** Makes room for one address. Those with a stranger inside stay, of which there are at most `strangersMax`. */
  private forgetOldest(): void {
    for (let count = this.visitors.size; count > 0; count--) {
      const [oldest] = this.visitors;
      if (oldest === undefined) return;
      const [network, visitor] = oldest;
      this.visitors.delete(network);
      if (visitor.inside === 0) return;
      this.visitors.set(network, visitor);
    }
  }
}

/** Lets `perSecond` things happen per second, and as many at once after a second without any. */
class TokenBucket {
  private tokens: number;

  constructor(private readonly perSecond: number, private filledAtMs: number) {
    this.tokens = perSecond;
  }

  hasToken(nowMs: number): boolean {
    this.fill(nowMs);
    return this.tokens >= 1;
  }

  take(): void {
    this.tokens--;
  }

  private fill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.filledAtMs);
    this.tokens = Math.min(this.perSecond, this.tokens + elapsedMs * this.perSecond / SECOND);
    this.filledAtMs = nowMs;
  }
}

/** Whom an address belongs to: itself for IPv4, its first 64 bits for IPv6, of which one customer has all. */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.replace(/%.*$/, "").split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const behind = tail === "" ? 0 : tail.split(":").length;
    while (groups.length + behind < 8) groups.push("0");
    groups.push(...tail.split(":"));
  }
  return groups.slice(0, 4).map((group) => parseInt(group || "0", 16).toString(16)).join(":");
}
