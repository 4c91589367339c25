import { beginFrame, endFrame, type Frame, Kind } from "../../../wire/mod.ts";
import { type CellError, MINUTE } from "../../../base/mod.ts";
import { TwoNodes } from "../../identity/testing/two_nodes.ts";
import type { Link } from "../../mod.ts";
import {
  dialQuic,
  type DialQuicOptions,
  listenQuic,
  type ListenQuicOptions,
  type QuicLink,
  type QuicListener,
} from "../mod.ts";

/** A cluster of two nodes with an instance each, and what listens and was refused in a test. */
export class QuicWorld extends TwoNodes {
  readonly accepted: QuicLink[] = [];
  private readonly listeners: QuicListener[] = [];
  private readonly links: Link[] = [];

  /** Founds it. */
  static async create(nowMs = Date.now()): Promise<QuicWorld> {
    return new QuicWorld(...await TwoNodes.found(nowMs));
  }

  /** Listens on loopback; every link echoes. Whoever connects has a minute, unless `given` says otherwise. */
  async listen(given: Partial<ListenQuicOptions> = {}): Promise<QuicListener> {
    const listener = await listenQuic({
      host: "127.0.0.1",
      port: 0,
      credentials: () => this.server,
      trust: this.trust,
      onLink: (link) => {
        this.accepted.push(link);
        echo(link);
      },
      onRefused: (error) => void this.refused.push(error),
      ...given,
      options: { handshakeMs: MINUTE, ...given.options },
    });
    this.listeners.push(listener);
    return listener;
  }

  /** Connects to a port of this machine, within a minute unless `given` says otherwise. */
  async dial(port: number, given: Partial<DialQuicOptions> = {}): Promise<QuicLink> {
    const { trust } = this;
    const options = { host: "127.0.0.1", credentials: () => this.client, trust, timeoutMs: MINUTE, ...given };
    const link = await dialQuic({ ...options, port });
    this.links.push(link);
    return link;
  }

  /** Ends everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const link of [...this.links, ...this.accepted]) link.destroy();
    await Promise.all(this.listeners.map((listener) => listener.close()));
  }
}

/** Sends every frame back. */
function echo(link: Link): void {
  link.start({
    onFrame: ({ callId, bytes, start, end }: Frame) => send(link, callId, bytes.subarray(start, end)),
    onOversized() {},
    onViolation: (error) => link.destroy(error),
    onWritable() {},
    onClose() {},
  }, 2 ** 24);
}

/** Sends one item. */
export function send(link: Link, callId: number, payload: Uint8Array): void {
  const begin = beginFrame(link.writer, Kind.item, 0, 0, callId, 0, 0);
  link.writer.append(payload);
  endFrame(link.writer, begin);
  link.commit();
}

/** The client's end of an echo. */
export class EchoClient {
  /** The call ids of what came back, in order. */
  readonly answers: number[] = [];
  /** Why the link is gone; undefined while it is not, null when it ended in order. */
  end: CellError | null | undefined;

  constructor(readonly link: Link) {
    link.start({
      onFrame: ({ callId }: Frame) => void this.answers.push(callId),
      onOversized() {},
      onViolation: (error) => link.destroy(error),
      onWritable() {},
      onClose: (error) => this.end = error ?? null,
    }, 2 ** 24);
  }

  /** Sends a frame and waits until it is back, or the link is gone. */
  async ask(callId: number, byteCount = 64): Promise<void> {
    send(this.link, callId, new Uint8Array(byteCount));
    await until(() => this.answers.includes(callId) || this.end !== undefined);
    if (this.end !== undefined) throw this.end ?? new Error("the link was closed");
  }
}

/** Waits until `condition` holds; a test's time limit is what ends it otherwise. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
