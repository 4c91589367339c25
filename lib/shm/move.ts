import { CellError, type Code, SECOND } from "../base/mod.ts";
import type { LocalPeer, StreamLink } from "../net/mod.ts";
import { effectiveUserId } from "../sys/mod.ts";
import type { MemoryBudget } from "./memory_budget.ts";
import { type RingIndex, Segment } from "./segment.ts";
import { ClientUpgrade, type MemoryHandle, ServerUpgrade, type UpgradeAction, writeUpgrade } from "./upgrade/mod.ts";

/** A client asks to move when it has committed this many frames: a command that makes one call sends fewer. */
export const MOVE_AFTER_FRAMES = 8;
/** A client that was granted memory and has not offered it by then is none that answers; others may have it. */
const RESERVED_MS = 1 * SECOND;

/** Which side of a connection moves, and when. */
export type MoveOptions =
  & {
    /** This user's secret; asked for when it is needed. */
    readonly secret: () => Uint8Array;
  }
  & (
    | {
      readonly role: "client";
      /** "asked": at once, and the link ends when it cannot. "auto": when it is used, and if not, not. */
      readonly when: "auto" | "asked";
    }
    | {
      readonly role: "server";
      readonly budget: MemoryBudget;
      /** What tests shorten. @default RESERVED_MS */
      readonly reservedMs?: number;
    }
  );

/** The link that moves. */
export interface Moving {
  sendInRing(segment: Segment, index: RingIndex): void;
  receiveInRing(segment: Segment, index: RingIndex): void;
  onViolation(error: CellError): void;
}

/** Rings by who produces: the client into the first, the server into the second. */
const CLIENTS = 0;
const SERVERS = 1;

/** Does what the two state machines of `upgrade/` say: sends, makes and maps memory, and turns the link over to it. */
export class Move {
  /** Resolves when both directions have moved; rejects, with the reason, when they stay on the socket. */
  readonly done: Promise<void>;
  readonly #resolve: () => void;
  readonly #reject: (error: CellError) => void;
  readonly #upgrade: ClientUpgrade | ServerUpgrade;
  #framesLeft = MOVE_AFTER_FRAMES;
  #segment: Segment | undefined;
  /** What of the server's budget this connection has. */
  #takenRingBytes: number | undefined;
  #reservationTimer: ReturnType<typeof setTimeout> | undefined;
  #directionsMoved = 0;

  constructor(
    private readonly link: Moving,
    private readonly control: StreamLink<LocalPeer>,
    private readonly options: MoveOptions,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.done = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    // Only who asked for it wants to know.
    promise.catch(() => {});
    const { secret } = options;
    const isSameUser = control.peer.uid === effectiveUserId();
    this.#upgrade = options.role === "client"
      ? new ClientUpgrade({ secret })
      : new ServerUpgrade({ secret, isSameUser, grant: () => this.#grant(options) });
    if (options.role === "server" || !isSameUser) this.#framesLeft = Infinity;
    if (!isSameUser) this.#reject(stays("shared memory is for processes of one user"));
  }

  /** The link exists. */
  begin(): void {
    if (this.options.role === "client" && this.options.when === "asked" && this.#framesLeft !== Infinity) this.#start();
  }

  /** The link has committed a frame to its socket. */
  onCommit(): void {
    if (--this.#framesLeft === 0) this.#start();
  }

  /** An upgrade frame came. */
  receive(bytes: Uint8Array, start: number, end: number): void {
    this.#do(this.#upgrade.onPayload(bytes, start, end));
  }

  /** A frame of the protocol above came before anybody reads it: the peer has other things to say. */
  onEarlyFrame(): void {
    this.#reject(stays("the other side said something else first", "UNAVAILABLE"));
  }

  /** The link is gone. */
  onClose(error: CellError | undefined): void {
    this.#reject(error ?? stays("it was closed", "UNAVAILABLE"));
    this.#letGo();
  }

  #start(): void {
    this.#framesLeft = Infinity;
    if (this.#upgrade instanceof ClientUpgrade) this.#do(this.#upgrade.start());
  }

  #do(actions: readonly UpgradeAction[]): void {
    for (const action of actions) {
      switch (action.kind) {
        case "send":
          writeUpgrade(this.control.writer, action.message);
          this.control.commit();
          this.control.flush();
          break;
        case "createMemory":
          return this.#do(this.#create(action.ringBytesMax));
        case "openMemory":
          return this.#do(this.#open(action.memory, action.ringBytesMax));
        case "startSendingInRing":
          this.link.sendInRing(this.#segment!, this.#isClient ? CLIENTS : SERVERS);
          this.#onDirectionMoved();
          break;
        case "startReceivingInRing":
          this.#segment!.unlink();
          this.link.receiveInRing(this.#segment!, this.#isClient ? SERVERS : CLIENTS);
          this.#onDirectionMoved();
          break;
        case "giveUp":
          this.#letGo();
          this.#reject(stays(action.reason));
          break;
        case "violation":
          this.#reject(action.error);
          this.link.onViolation(action.error);
          break;
      }
    }
  }

  get #isClient(): boolean {
    return this.options.role === "client";
  }

  #create(ringBytesMax: number): readonly UpgradeAction[] {
    const upgrade = this.#upgrade as ClientUpgrade;
    try {
      this.#segment = Segment.create(ringBytesMax);
    } catch (error) {
      return upgrade.onMemoryFailed(error);
    }
    return upgrade.onMemoryReady(this.#segment.handle);
  }

  /** Reserves what is granted: of many that ask at the same time, each is told what is left after those before it. */
  #grant({ budget, reservedMs = RESERVED_MS }: MoveOptions & { role: "server" }): number | undefined {
    const { ringBytesMax } = budget;
    if (ringBytesMax === undefined || !this.#take(ringBytesMax)) return undefined;
    this.#reservationTimer = setTimeout(() => this.#letGo(), reservedMs);
    this.#reservationTimer.unref();
    return ringBytesMax;
  }

  #take(ringBytesMax: number): boolean {
    const { options } = this;
    if (options.role !== "server" || !options.budget.take(ringBytesMax)) return false;
    this.#takenRingBytes = ringBytesMax;
    return true;
  }

  #open(handle: MemoryHandle, ringBytesMax: number): readonly UpgradeAction[] {
    const upgrade = this.#upgrade as ServerUpgrade;
    clearTimeout(this.#reservationTimer);
    try {
      if (this.#takenRingBytes === undefined && !this.#take(ringBytesMax)) {
        throw new CellError("RESOURCE_EXHAUSTED", "the offer came late, and others have the memory by now");
      }
      this.#segment = Segment.open(handle, ringBytesMax, this.control.peer);
    } catch (error) {
      this.#letGo();
      return upgrade.onMemoryFailed(error);
    }
    return upgrade.onMemoryReady();
  }

  #onDirectionMoved(): void {
    if (++this.#directionsMoved === 2) this.#resolve();
  }

  #letGo(): void {
    clearTimeout(this.#reservationTimer);
    this.#segment?.unlink();
    this.#segment?.release();
    this.#segment = undefined;
    if (this.#takenRingBytes !== undefined && this.options.role === "server") {
      this.options.budget.giveBack(this.#takenRingBytes);
    }
    this.#takenRingBytes = undefined;
  }
}

function stays(reason: string, code: Code = "FAILED_PRECONDITION"): CellError {
  return new CellError(code, `moving a connection into shared memory: ${reason}`, {
    data: { started: false },
  });
}
