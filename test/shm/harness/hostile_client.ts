import { encode } from "@msgpack/msgpack";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { dialUnix, type Link } from "../../../lib/net/mod.ts";
import { readUpgrade, type UpgradeMessage } from "../../../lib/shm/upgrade/mod.ts";
import { beginFrame, endFrame, Kind } from "../../../lib/wire/mod.ts";
import { until } from "../../harness/mod.ts";
import { proofOf } from "./proof.ts";

const PAYLOAD_BYTES_MAX = 16 * 2 ** 20;

/** A client that knows how a connection moves into shared memory, and says what it likes. */
export class HostileClient implements Disposable {
  readonly nonce = randomBytes(32);
  /** What the server said of moving. */
  readonly messages: UpgradeMessage[] = [];
  doorbells = 0;
  pongs = 0;
  isClosed = false;

  private constructor(readonly link: Link, private readonly home: string) {
    link.start({
      onFrame: ({ kind, bytes, start, end }) => {
        if (kind === Kind.pong) this.pongs++;
        else if (kind === Kind.upgrade && start === end) this.doorbells++;
        else if (kind === Kind.upgrade) this.messages.push(readUpgrade(bytes, start, end));
      },
      onOversized: () => {},
      onViolation: () => {},
      onWritable: () => {},
      onClose: () => void (this.isClosed = true),
    }, PAYLOAD_BYTES_MAX);
  }

  static async connect(home: string, service: string): Promise<HostileClient> {
    return new HostileClient(await dialUnix(join(home, "run", `${service}.sock`)), home);
  }

  /** Sends a frame with any payload. */
  frame(kind: number, payload: Uint8Array = new Uint8Array(0), callId = 0): void {
    if (this.isClosed) return;
    const { writer } = this.link;
    const start = beginFrame(writer, kind, 0, 0, callId, 0, 0);
    writer.append(payload);
    endFrame(writer, start);
    this.link.commit();
    this.link.flush();
  }

  /** Says something about moving, right or not. */
  say(message: unknown): void {
    this.frame(Kind.upgrade, encode(message));
  }

  hello(): void {
    this.say({ step: "hello", version: 1, nonce: this.nonce });
  }

  ring(): void {
    this.frame(Kind.upgrade);
  }

  /** Waits for what the server says to a hello. */
  async challenge(): Promise<UpgradeMessage & { step: "challenge" }> {
    await until(() => this.messages.length > 0 || this.isClosed, "a challenge");
    const [first] = this.messages;
    if (first?.step !== "challenge") throw new Error(`expected a challenge, found ${Bun.inspect(first)}`);
    return first;
  }

  /** The right proof for a challenge. */
  proof({ nonce }: { nonce: Uint8Array }): Uint8Array {
    return proofOf(this.home, "client", this.nonce, nonce);
  }

  /** Waits for the server's answer to an offer; "closed" when it ends the connection instead. */
  async answer(): Promise<string> {
    await until(() => this.messages.length > 1 || this.isClosed, "an answer to the offer");
    return this.messages[1]?.step ?? "closed";
  }

  /** Whether the server still listens on the socket. */
  async isHeard(): Promise<boolean> {
    const { pongs } = this;
    this.frame(Kind.ping);
    await until(() => this.pongs > pongs || this.isClosed, "a pong, or the end");
    return !this.isClosed;
  }

  [Symbol.dispose](): void {
    this.link.destroy();
  }
}
