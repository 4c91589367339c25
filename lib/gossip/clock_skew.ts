import { MINUTE } from "../base/mod.ts";
import { CLOCK_TOLERANCE_MS, type NodeId } from "../net/identity/mod.ts";

/** For how long it is told that a node was ignored for its clock; one that is alone knocks every 30 seconds. */
export const SKEW_TOLD_MS = 2 * MINUTE;

/** A node whose datagrams are ignored, since its clock and this one's differ by more than is tolerated. */
export interface ClockSkew {
  readonly node: NodeId;
  /** HOST:PORT where its datagrams come from. */
  readonly from: string;
  /** By how much its clock is ahead of this one's, in milliseconds; negative where it is behind. */
  readonly aheadMs: number;
}

interface Noted extends Omit<ClockSkew, "aheadMs"> {
  /** What its clock shows when the steady clock here shows 0. */
  readonly originMs: number;
  readonly atMs: number;
}

/** Remembers the last node that was ignored for its clock, until it is heard, or this node's own clock is set. */
export class ClockSkews {
  #last: Noted | undefined;

  note(node: NodeId, from: string, clockMs: number, steadyMs: number): void {
    this.#last = { node, from, originMs: clockMs - steadyMs, atMs: steadyMs };
  }

  /** A datagram of this node was taken. */
  heard(node: NodeId): void {
    if (this.#last?.node === node) this.#last = undefined;
  }

  /** What is to be told of it. A node that is alone is ignored itself, and may hear of nobody for as long as that lasts. */
  current(wallMs: number, steadyMs: number, isAlone: boolean): ClockSkew | undefined {
    if (this.#last === undefined || (!isAlone && steadyMs - this.#last.atMs > SKEW_TOLD_MS)) return undefined;
    const { node, from, originMs } = this.#last;
    const aheadMs = originMs + steadyMs - wallMs;
    return Math.abs(aheadMs) > CLOCK_TOLERANCE_MS ? { node, from, aheadMs } : undefined;
  }
}
