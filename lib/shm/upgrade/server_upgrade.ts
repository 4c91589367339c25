import { assert, toCellError } from "../../base/mod.ts";
import { messageOf, NO_ACTIONS, outOfOrder, unreadable, type UpgradeAction, violation } from "./action.ts";
import { isRingBytes } from "./fields.ts";
import { readUpgrade, refusal, type UpgradeHello, type UpgradeMessage, type UpgradeOffer } from "./message.ts";
import { freshNonce, isProof, type Nonces, prove } from "./proof.ts";

/** What the server's side of an upgrade needs. */
export interface ServerUpgradeOptions {
  /** Whether the kernel says that the client is this process's own user: nobody else's memory is mapped, root's neither. */
  readonly isSameUser: boolean;
  /** The user's secret, asked for when a client says hello. Where it throws, the client is refused. */
  secret(): Uint8Array;
  /**
   * What a ring may grow to now, in bytes; undefined when there is no memory left for this connection. Asked at a hello;
   * what it gives is the connection's until it gives up or ends. `openMemory` may still fail for want of memory.
   */
  grant(): number | undefined;
  /** @default bytes by chance */
  nonce?(): Uint8Array;
}

type State =
  | { readonly name: "waiting" }
  | {
    readonly name: "challenged";
    readonly nonces: Nonces;
    readonly secret: Uint8Array;
    readonly ringBytesMax: number;
  }
  | { readonly name: "opening" }
  | { readonly name: "accepted" }
  | { readonly name: "moved" }
  | { readonly name: "onSocket" }
  | { readonly name: "broken" };

/** What may come from the client, by state. */
const EXPECTED: { readonly [name in State["name"]]: string } = {
  waiting: "hello",
  challenged: "offer",
  opening: "nothing before the answer to its offer",
  accepted: "switch",
  moved: "nothing any more",
  onSocket: "nothing any more",
  broken: "nothing any more",
};

/**
 * The server's side of moving a connection, without I/O: what was received comes in, what to do goes out.
 *
 * | state      | event                                          | next       | actions                         |
 * | ---------- | ---------------------------------------------- | ---------- | ------------------------------- |
 * | waiting    | hello                                          | challenged | send challenge                  |
 * | waiting    | hello of another version, from another user,   | onSocket   | send refuse, giveUp             |
 * |            | without secret or memory for it here           |            |                                 |
 * | challenged | offer, proof right, rings no larger than said  | opening    | openMemory                      |
 * | challenged | offer, proof wrong                             | broken     | send refuse, violation          |
 * | challenged | offer of larger rings                          | broken     | violation                       |
 * | opening    | `onMemoryReady`                                | accepted   | send accept, startSendingInRing |
 * | opening    | `onMemoryFailed`                               | onSocket   | send refuse, giveUp             |
 * | accepted   | switch                                         | moved      | startReceivingInRing            |
 * | broken     | anything                                       | broken     |                                 |
 * | any else   | any other message                              | broken     | violation                       |
 *
 * A client that offers memory has seen a right proof, so it has no excuse for a wrong one of its own. One that does not go
 * on after a challenge holds nothing here but the state.
 */
export class ServerUpgrade {
  private state: State = { name: "waiting" };

  constructor(private readonly options: ServerUpgradeOptions) {}

  /** An upgrade frame with a payload came: the bytes from `start` to `end`, of which nothing is kept. */
  onPayload(bytes: Uint8Array, start = 0, end = bytes.length): readonly UpgradeAction[] {
    if (this.state.name === "broken") return NO_ACTIONS;
    let message: UpgradeMessage;
    try {
      message = readUpgrade(bytes, start, end);
    } catch (error) {
      const { code, message } = toCellError(error);
      return code === "UNIMPLEMENTED" && this.state.name === "waiting"
        ? this.refuse(message)
        : this.broken(unreadable(error));
    }
    return this.onMessage(message);
  }

  /** The memory of the last `openMemory` is mapped. */
  onMemoryReady(): readonly UpgradeAction[] {
    assert(this.state.name === "opening", "memory was asked for");
    this.state = { name: "accepted" };
    return [{ kind: "send", message: { step: "accept" } }, { kind: "startSendingInRing" }];
  }

  /** The memory of the last `openMemory` is not there, or not as it must be, or too much. */
  onMemoryFailed(error: unknown): readonly UpgradeAction[] {
    assert(this.state.name === "opening", "memory was asked for");
    return this.refuse(messageOf(error));
  }

  private onMessage(message: UpgradeMessage): readonly UpgradeAction[] {
    const { state } = this;
    const { step } = message;
    if (state.name === "waiting" && step === "hello") return this.onHello(message);
    if (state.name === "challenged" && step === "offer") return this.onOffer(message, state);
    if (state.name === "accepted" && step === "switch") return this.onSwitch();
    return this.broken(outOfOrder(message, EXPECTED[state.name]));
  }

  private onHello(hello: UpgradeHello): readonly UpgradeAction[] {
    const { isSameUser, nonce = freshNonce } = this.options;
    if (!isSameUser) return this.refuse("shared memory is for processes of one user");
    const ringBytesMax = this.options.grant();
    if (ringBytesMax === undefined) return this.refuse("this server has given out all the memory that it may");
    assert(isRingBytes(ringBytesMax), "a ring has a power of two of bytes within the layout's bounds");
    const nonces = { client: hello.nonce, server: nonce() };
    let proof: Uint8Array;
    let secret: Uint8Array;
    try {
      secret = this.options.secret();
      proof = prove("server", secret, nonces);
    } catch (error) {
      return this.refuse(messageOf(error));
    }
    this.state = { name: "challenged", nonces, secret, ringBytesMax };
    return [{ kind: "send", message: { step: "challenge", nonce: nonces.server, proof, ringBytesMax } }];
  }

  private onOffer(offer: UpgradeOffer, challenged: State & { name: "challenged" }): readonly UpgradeAction[] {
    const { memory, ringBytesMax } = offer;
    if (!isProof(offer.proof, "client", challenged.secret, challenged.nonces)) {
      const reason = "moving a connection into shared memory: the client's proof is wrong, it does not have the secret";
      return [{ kind: "send", message: refusal(reason) }, ...this.broken(violation("PERMISSION_DENIED", reason))];
    }
    if (ringBytesMax > challenged.ringBytesMax) {
      return this.broken(violation(
        "INVALID_ARGUMENT",
        `moving a connection into shared memory: expected rings of at most ${challenged.ringBytesMax} bytes, ` +
          `found an offer of ${ringBytesMax}`,
      ));
    }
    this.state = { name: "opening" };
    return [{ kind: "openMemory", memory, ringBytesMax }];
  }

  private onSwitch(): readonly UpgradeAction[] {
    this.state = { name: "moved" };
    return [{ kind: "startReceivingInRing" }];
  }

  private refuse(reason: string): readonly UpgradeAction[] {
    this.state = { name: "onSocket" };
    const message = refusal(reason);
    return [{ kind: "send", message }, { kind: "giveUp", reason: message.reason }];
  }

  private broken(violation: UpgradeAction): readonly UpgradeAction[] {
    this.state = { name: "broken" };
    return [violation];
  }
}
