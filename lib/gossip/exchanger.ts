import { CellError, KIB } from "../base/mod.ts";
import type { NodeId } from "../net/identity/mod.ts";
import { AnswerRates } from "./answer_rates.ts";
import { decodeExchange, digestOf, encodeExchange, type ExchangeMessage } from "./exchange_message.ts";
import type { ClusterKey } from "./seal/mod.ts";

/** A state of a few members is sent without being asked for: the round that asking takes costs more. */
const SMALL_STATE_BYTES = 4 * KIB;
const NOTHING = new Uint8Array(0);

/** What an exchange is about: all that this node knows. */
export interface ExchangeState {
  readonly self: NodeId;
  isRevoked(node: NodeId): boolean;
  keys(): readonly ClusterKey[];
  takeKeys(keys: readonly ClusterKey[]): void;
  revocations(): Uint8Array;
  takeRevocations(bytes: Uint8Array): void;
  membershipDigest(): Uint8Array;
  membershipState(): Uint8Array;
  takeMembership(state: Uint8Array): void;
  catalogDigest(): Uint8Array;
  /** What a message of anti-entropy makes necessary; empty when nothing. */
  catalogDiff(message: Uint8Array): Uint8Array;
  /** Whether who wrote this message had more to say than fits into one. */
  catalogHasMore(message: Uint8Array): boolean;
  takeCatalog(message: Uint8Array): void;
}

/**
 * The two ends of an exchange, as functions of bytes. Who answers keeps nothing between two messages, so a caller that goes
 * away in between leaves nothing behind.
 *
 * The first request has digests; the answer has what differs, and asks for the state if members differ. The catalogue waits
 * until both know the same members, since entries of unknown nodes cannot be verified.
 */
export class Exchanger {
  readonly #rates: AnswerRates;

  constructor(private readonly state: ExchangeState, nowMs: number) {
    this.#rates = new AnswerRates(nowMs);
  }

  /** The first request. */
  begin(): Uint8Array {
    const state = this.state.membershipState();
    return this.#message({
      state: state.length <= SMALL_STATE_BYTES ? state : NOTHING,
      catalog: this.state.catalogDigest(),
    });
  }

  /**
   * The answer to a request of the node `caller`, which has proved that it is that. Throws INVALID_ARGUMENT for what is none,
   * RESOURCE_EXHAUSTED for too many.
   */
  answer(request: Uint8Array, caller: NodeId, nowMs: number): Uint8Array {
    const exceeded = this.#rates.take(caller, nowMs);
    if (exceeded !== undefined) {
      throw new CellError(
        "RESOURCE_EXHAUSTED",
        `exchanging what is known: more than ${exceeded} requests a second; try another node`,
        { retryable: true },
      );
    }
    const message = decodeExchange(request);
    // Streams of revoked nodes are refused before this. One that slips through learns what it is, and no key.
    if (this.state.isRevoked(caller)) return this.#message({ keys: [], revocations: this.state.revocations() });
    this.#take(message);
    const isSame = isEqual(message.membershipDigest, this.state.membershipDigest());
    const wantsState = !isSame && message.state.length === 0;
    return this.#message({
      revocations: this.#revocationsFor(message),
      state: !isSame && !wantsState ? this.state.membershipState() : NOTHING,
      wantsState,
      catalog: wantsState ? NOTHING : this.#catalogFor(message),
    });
  }

  /** Takes an answer. The next request, if there is more to say; undefined when both know the same. */
  finish(answer: Uint8Array): Uint8Array | undefined {
    const message = decodeExchange(answer);
    this.#take(message);
    const next = {
      revocations: this.#revocationsFor(message),
      state: message.wantsState ? this.state.membershipState() : NOTHING,
      catalog: message.wantsState ? this.state.catalogDigest() : this.#catalogFor(message),
    };
    return Object.values(next).some((block) => block.length > 0) ? this.#message(next) : undefined;
  }

  /** In this order: who is revoked is no member, and of who is no member nothing is believed. */
  #take(message: ExchangeMessage): void {
    this.state.takeKeys(message.keys);
    if (message.revocations.length > 0) this.state.takeRevocations(message.revocations);
    if (message.state.length > 0) this.state.takeMembership(message.state);
    if (message.catalog.length > 0) this.state.takeCatalog(message.catalog);
  }

  #revocationsFor({ revocationsDigest }: ExchangeMessage): Uint8Array {
    const mine = this.state.revocations();
    return isEqual(digestOf(mine), revocationsDigest) ? NOTHING : mine;
  }

  #catalogFor({ catalog }: ExchangeMessage): Uint8Array {
    if (catalog.length === 0) return NOTHING;
    const diff = this.state.catalogDiff(catalog);
    // There was more to say than fits into a message: what is still missing shows in a new digest.
    return diff.length === 0 && this.state.catalogHasMore(catalog) ? this.state.catalogDigest() : diff;
  }

  #message(blocks: Partial<ExchangeMessage>): Uint8Array {
    return encodeExchange({
      sender: this.state.self,
      keys: this.state.keys(),
      revocationsDigest: digestOf(this.state.revocations()),
      membershipDigest: this.state.membershipDigest(),
      wantsState: false,
      revocations: NOTHING,
      state: NOTHING,
      catalog: NOTHING,
      ...blocks,
    });
  }
}

function isEqual(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
