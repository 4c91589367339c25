import { assert } from "../../base/mod.ts";
import { RING_BYTES_MAX } from "../layout.ts";
import { messageOf, NO_ACTIONS, outOfOrder, unreadable, type UpgradeAction } from "./action.ts";
import { isRingBytes, UPGRADE_VERSION } from "./fields.ts";
import { type MemoryHandle, readUpgrade, type UpgradeChallenge, type UpgradeMessage } from "./message.ts";
import { freshNonce, isProof, prove } from "./proof.ts";

/** What the client's side of an upgrade needs. */
export interface ClientUpgradeOptions {
  /** The user's secret, asked for when there is a challenge. Where it throws, the connection stays on the socket. */
  secret(): Uint8Array;
  /**
   * What a ring may grow to, in bytes: a power of two. The server may want less.
   * @default RING_BYTES_MAX
   */
  ringBytesMax?: number;
  /** @default bytes by chance */
  nonce?(): Uint8Array;
}

type State =
  | { readonly name: "idle" }
  | { readonly name: "greeted"; readonly nonce: Uint8Array }
  | { readonly name: "creating"; readonly proof: Uint8Array; readonly ringBytesMax: number }
  | { readonly name: "offered" }
  | { readonly name: "moved" }
  | { readonly name: "onSocket" }
  | { readonly name: "broken" };

/** The secret is a file of the user's, which the two sides may have found in different places, or at different times. */
const WRONG_PROOF =
  "the server's proof is wrong: it has another secret than keys/local.key in this process's home of " +
  "Cell. Use one CELL_HOME for both, or restart the service.";

/** What may come from the server, by state. */
const EXPECTED: { readonly [name in State["name"]]: string } = {
  idle: "nothing before a hello",
  greeted: "challenge or refuse",
  creating: "nothing before an offer",
  offered: "accept or refuse",
  moved: "nothing any more",
  onSocket: "nothing any more",
  broken: "nothing any more",
};

/**
 * The client's side of moving a connection, without I/O: what was received comes in, what to do goes out.
 *
 * | state    | event                         | next     | actions                                               |
 * | -------- | ----------------------------- | -------- | ----------------------------------------------------- |
 * | idle     | `start`                       | greeted  | send hello                                            |
 * | greeted  | challenge, proof right        | creating | createMemory                                          |
 * | greeted  | challenge, wrong or no secret | onSocket | giveUp                                                |
 * | greeted  | refuse                        | onSocket | giveUp                                                |
 * | creating | `onMemoryReady`               | offered  | send offer                                            |
 * | creating | `onMemoryFailed`              | onSocket | giveUp                                                |
 * | offered  | accept                        | moved    | startReceivingInRing, send switch, startSendingInRing |
 * | offered  | refuse                        | onSocket | giveUp                                                |
 * | broken   | anything                      | broken   |                                                       |
 * | any else | any other message             | broken   | violation                                             |
 *
 * A server whose proof is wrong learns nothing and gets no memory, but keeps its connection: the kernel says that it is
 * the same user, and one that read the secret before it was replaced is wrong without being hostile.
 */
export class ClientUpgrade {
  private state: State = { name: "idle" };
  private readonly ringBytesMax: number;

  constructor(private readonly options: ClientUpgradeOptions) {
    this.ringBytesMax = options.ringBytesMax ?? RING_BYTES_MAX;
    assert(isRingBytes(this.ringBytesMax), "a ring has a power of two of bytes within the layout's bounds");
  }

  /** Asks the server. Once. */
  start(): readonly UpgradeAction[] {
    assert(this.state.name === "idle", "a connection is moved once");
    const nonce = (this.options.nonce ?? freshNonce)();
    this.state = { name: "greeted", nonce };
    return [{ kind: "send", message: { step: "hello", version: UPGRADE_VERSION, nonce } }];
  }

  /** An upgrade frame with a payload came: the bytes from `start` to `end`, of which nothing is kept. */
  onPayload(bytes: Uint8Array, start = 0, end = bytes.length): readonly UpgradeAction[] {
    if (this.state.name === "broken") return NO_ACTIONS;
    let message: UpgradeMessage;
    try {
      message = readUpgrade(bytes, start, end);
    } catch (error) {
      return this.broken(unreadable(error));
    }
    return this.onMessage(message);
  }

  /** The memory of the last `createMemory` exists: `handle` is how the server finds it. */
  onMemoryReady(handle: MemoryHandle): readonly UpgradeAction[] {
    const { state } = this;
    assert(state.name === "creating", "memory was asked for");
    const { proof, ringBytesMax } = state;
    this.state = { name: "offered" };
    return [{ kind: "send", message: { step: "offer", proof, memory: handle, ringBytesMax } }];
  }

  /** There is no memory. */
  onMemoryFailed(error: unknown): readonly UpgradeAction[] {
    assert(this.state.name === "creating", "memory was asked for");
    return this.giveUp(messageOf(error));
  }

  private onMessage(message: UpgradeMessage): readonly UpgradeAction[] {
    const { state } = this;
    const { step } = message;
    if (state.name === "greeted" && step === "challenge") return this.onChallenge(message, state.nonce);
    if (state.name === "offered" && step === "accept") return this.onAccept();
    if ((state.name === "greeted" || state.name === "offered") && step === "refuse") {
      return this.giveUp(`the server refuses: ${message.reason}`);
    }
    return this.broken(outOfOrder(message, EXPECTED[state.name]));
  }

  private onChallenge(challenge: UpgradeChallenge, nonce: Uint8Array): readonly UpgradeAction[] {
    const nonces = { client: nonce, server: challenge.nonce };
    let proof: Uint8Array;
    try {
      const secret = this.options.secret();
      if (!isProof(challenge.proof, "server", secret, nonces)) {
        return this.giveUp(WRONG_PROOF);
      }
      proof = prove("client", secret, nonces);
    } catch (error) {
      return this.giveUp(messageOf(error));
    }
    const ringBytesMax = Math.min(challenge.ringBytesMax, this.ringBytesMax);
    this.state = { name: "creating", proof, ringBytesMax };
    return [{ kind: "createMemory", ringBytesMax }];
  }

  private onAccept(): readonly UpgradeAction[] {
    this.state = { name: "moved" };
    return [
      { kind: "startReceivingInRing" },
      { kind: "send", message: { step: "switch" } },
      { kind: "startSendingInRing" },
    ];
  }

  private giveUp(reason: string): readonly UpgradeAction[] {
    this.state = { name: "onSocket" };
    return [{ kind: "giveUp", reason }];
  }

  private broken(violation: UpgradeAction): readonly UpgradeAction[] {
    this.state = { name: "broken" };
    return [violation];
  }
}
