import { KIB } from "../base/mod.ts";
import type { Link, LocalPeer } from "./link.ts";
import { type ByteStream, StreamLink, type StreamLinkOptions } from "./stream_link.ts";

/** As much as one direction holds before its writer has to wait, like a socket's buffer. */
const PIPE_BYTES = 256 * KIB;

/** Two links within this process that are each other's peer: for tests, and for a service that calls itself. */
export function memoryLinks(options: StreamLinkOptions = {}): [Link, Link] {
  const peer: LocalPeer = { kind: "process", uid: process.geteuid?.() ?? 0, pid: process.pid };
  const first = new Pipe();
  const second = new Pipe();
  const here = new StreamLink(first, peer, "memory", options);
  const there = new StreamLink(second, peer, "memory", options);
  first.connect(here, second);
  second.connect(there, first);
  return [here, there];
}

/** One end: what it writes is delivered to the other end in a later turn, whole or in parts. */
class Pipe implements ByteStream {
  private link!: StreamLink;
  private other!: Pipe;
  /** What the other end wrote and this one has not delivered. */
  private inbox: Uint8Array[] = [];
  private inboxBytes = 0;
  private paused = false;
  private closed = false;
  private scheduled = false;

  connect(link: StreamLink, other: Pipe): void {
    this.link = link;
    this.other = other;
  }

  write(bytes: Uint8Array<ArrayBuffer>, offset: number, byteCount: number): number {
    if (this.closed || this.other.closed) return -1;
    const taken = Math.min(byteCount, PIPE_BYTES - this.other.inboxBytes);
    if (taken > 0) this.other.receive(bytes.slice(offset, offset + taken));
    return taken;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.schedule();
  }

  /** What is on its way keeps the process alive; an open pipe does not. */
  ref(): void {}
  unref(): void {}

  end(): void {
    this.closed = true;
    this.other.schedule();
  }

  terminate(): void {
    this.end();
  }

  private receive(chunk: Uint8Array): void {
    this.inbox.push(chunk);
    this.inboxBytes += chunk.length;
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.deliver();
    });
  }

  private deliver(): void {
    while (this.inbox.length > 0 && !this.paused && !this.closed) {
      const chunk = this.inbox.shift()!;
      this.inboxBytes -= chunk.length;
      this.link.onData(chunk);
      this.other.link.onDrain();
    }
    if (this.other.closed && this.inbox.length === 0 && !this.closed) {
      this.closed = true;
      this.link.onClosed();
    }
  }
}
