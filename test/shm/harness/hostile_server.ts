import { encode } from "@msgpack/msgpack";
import { randomBytes } from "node:crypto";
import { type Link, type LinkReceiver, type Listener, listenUnix, type LocalPeer } from "../../../lib/net/mod.ts";
import { createServer, type RpcServer } from "../../../lib/rpc/mod.ts";
import { finishSchema, type Type } from "../../../lib/schema/mod.ts";
import { type Claim, claimName } from "../../../lib/service/mod.ts";
import { readUpgrade, type UpgradeMessage } from "../../../lib/shm/upgrade/mod.ts";
import { openSharedMemory, type SharedMemory } from "../../../lib/sys/mod.ts";
import { beginFrame, endFrame, Kind } from "../../../lib/wire/mod.ts";
import { proofOf } from "./proof.ts";
import { segmentBytes } from "./scribble.ts";

/** What a hostile server does about moving, when a client says something of it. */
export type Script = (message: UpgradeMessage, client: HostileServerSide) => void;

const INTEGER: Type = { kind: "number" };
const SCHEMA = finishSchema({
  name: "fake",
  methods: { once: { params: [{ name: "value", type: INTEGER }], result: INTEGER } },
  types: {},
});

/** A service whose calls are answered honestly over the socket, and whose answers about moving are a script's. */
export class HostileServer implements AsyncDisposable {
  private constructor(
    private readonly claim: Claim,
    private readonly server: RpcServer,
    private readonly listener: Listener,
  ) {}

  static async start(home: string, script: Script): Promise<HostileServer> {
    const claim = await claimName("fake");
    const server = createServer({
      schema: SCHEMA,
      instance: "fake",
      handlers: { once: { fn: (value: number) => value + 1 } },
    });
    const listener = await listenUnix(claim.socket, {
      onLink: (link) => server.accept(new HostileServerSide(link, home, script).honestPart),
    });
    return new HostileServer(claim, server, listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.listener.close();
    this.claim.release();
    await this.server.drain(0);
  }
}

/** One connection of a hostile server. */
export class HostileServerSide {
  readonly nonce = randomBytes(32);
  #clientNonce: Uint8Array = new Uint8Array(32);
  memory: SharedMemory | undefined;

  constructor(readonly link: Link, private readonly home: string, private readonly script: Script) {}

  /** The link as an honest server sees it: without what is said about moving. */
  get honestPart(): Link {
    return new Proxy(this.link, {
      get: (link, name) => {
        if (name === "start") return (to: LinkReceiver, bytesMax: number) => link.start(this.#filter(to), bytesMax);
        const value: unknown = Reflect.get(link, name, link);
        return typeof value === "function" ? value.bind(link) : value;
      },
    });
  }

  /** Sends a frame with any payload. */
  frame(kind: number, payload: Uint8Array = new Uint8Array(0), callId = 0): void {
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

  ring(): void {
    this.frame(Kind.upgrade);
  }

  /** What an honest server says to a hello, changed by `differing`. */
  challenge(differing: object = {}): void {
    const proof = proofOf(this.home, "server", this.#clientNonce, this.nonce);
    this.say({ step: "challenge", nonce: this.nonce, proof, ringBytesMax: 2 ** 20, ...differing });
  }

  /** Maps what a client offers. */
  map({ memory, ringBytesMax }: UpgradeMessage & { step: "offer" }): SharedMemory {
    return this.memory = openSharedMemory(memory, segmentBytes(ringBytesMax), this.link.peer as LocalPeer);
  }

  #filter(receiver: LinkReceiver): LinkReceiver {
    return {
      onFrame: (frame) => {
        if (frame.kind !== Kind.upgrade) return receiver.onFrame(frame);
        if (frame.start === frame.end) return;
        const message = readUpgrade(frame.bytes, frame.start, frame.end);
        if (message.step === "hello") this.#clientNonce = message.nonce;
        this.script(message, this);
      },
      onOversized: (frame) => receiver.onOversized(frame),
      onViolation: (error) => receiver.onViolation(error),
      onWritable: () => receiver.onWritable(),
      onClose: (error) => {
        this.memory?.release();
        receiver.onClose(error);
      },
    };
  }
}
