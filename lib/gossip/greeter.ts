import { SECOND } from "../base/mod.ts";
import type { NodeRecord } from "./node_record.ts";
import type { SocketAddress } from "./socket_address.ts";

/** Newcomers that are being greeted; of more the next hello is waited for. */
export const GREETINGS_MAX = 64;
/** For each member that may answer, so that not all do. */
const SPREAD_PER_MEMBER_MS = 20;
const SPREAD_MS_MAX = 3 * SECOND;
/** How long the newcomer has to come to us before we go to it. */
const PATIENCE_MS = 1 * SECOND;

/** A hello that was heard. */
export interface Heard {
  readonly record: NodeRecord;
  /** Where its datagram came from. */
  readonly from: SocketAddress;
  readonly wantsAnswer: boolean;
  /** Everybody on the network heard it, not only this node. */
  readonly isMulticast: boolean;
}

/** What is to be done about a hello. */
export type Greeting =
  /** Say hello back. */
  | { readonly kind: "answer"; readonly heard: Heard }
  /** Exchange everything with it over a stream. */
  | { readonly kind: "connect"; readonly heard: Heard };

interface Pending {
  readonly heard: Heard;
  readonly kind: Greeting["kind"];
  readonly atMs: number;
}

/**
 * Decides who gets in touch with whom after a hello. The newcomer gets an answer, and connects to the first that it gets: a
 * newcomer among a hundred nodes makes one connection, not a hundred. Where it cannot reach us we connect to it, a second
 * later. Whoever is known meanwhile is left alone.
 */
export class Greeter {
  /** By node id. */
  readonly #pending = new Map<string, Pending>();

  /** `isKnown` says whether this node or a later statement of it is among the live members. */
  constructor(private readonly isKnown: (record: NodeRecord) => boolean, private readonly random: () => number) {}

  /** When `take` has something. */
  get nextAtMs(): number {
    return Math.min(...[...this.#pending.values()].map(({ atMs }) => atMs));
  }

  /** A hello came; `live` members may have heard it. */
  hear(heard: Heard, live: number, nowMs: number): void {
    const { nodeId } = heard.record;
    if (this.#pending.has(nodeId) || this.#pending.size >= GREETINGS_MAX) return;
    const isKnown = this.isKnown(heard.record);
    // Who knocks at this very node does not know us, whatever we know of it.
    if (isKnown && (heard.isMulticast || !heard.wantsAnswer)) return;
    if (!heard.wantsAnswer) return this.#plan("connect", heard, nowMs);
    const spreadMs = heard.isMulticast ? Math.min(live * SPREAD_PER_MEMBER_MS, SPREAD_MS_MAX) : 0;
    this.#plan("answer", heard, nowMs + this.random() * spreadMs);
  }

  /** What is due. */
  take(nowMs: number): Greeting[] {
    const due = [...this.#pending.values()].filter(({ atMs }) => atMs <= nowMs);
    return due.flatMap(({ kind, heard }): Greeting[] => {
      const { nodeId } = heard.record;
      this.#pending.delete(nodeId);
      const isKnown = this.isKnown(heard.record);
      if (isKnown && (kind === "connect" || heard.isMulticast)) return [];
      if (kind === "answer") this.#plan("connect", heard, nowMs + PATIENCE_MS * (1 + this.random()));
      return [{ kind, heard }];
    });
  }

  #plan(kind: Greeting["kind"], heard: Heard, atMs: number): void {
    this.#pending.set(heard.record.nodeId, { kind, heard, atMs });
  }
}
