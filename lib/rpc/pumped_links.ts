import { type CellError, Writer } from "../base/mod.ts";
import type { Link, LinkReceiver, LinkTransport } from "../net/mod.ts";
import { FrameReader } from "../wire/mod.ts";

/**
 * One end of a connection within this process whose frames arrive when somebody looks (`receiveNow`), and not otherwise:
 * for tests of calls that wait without the event loop, and for measuring what calls cost without anything that moves bytes.
 */
export class PumpedLink implements Link {
  transport: LinkTransport = "shm";
  readonly peer = { kind: "process" as const, uid: 0, pid: 1 };
  readonly writer = new Writer(64 * 1024);
  readonly writable = true;
  readonly midFrame = false;
  committedBytes = 0;
  queuedBytes = 0;
  other!: PumpedLink;
  /** Runs before anything arrives here: what the other process does meanwhile. */
  beforeReceiving: () => void = () => {};
  private committed = 0;
  private receiver: LinkReceiver | undefined;
  private reader: FrameReader | undefined;
  private isClosed = false;

  start(receiver: LinkReceiver, payloadBytesMax: number): void {
    this.receiver = receiver;
    this.reader = new FrameReader(receiver, payloadBytesMax, "lent");
  }

  commit(): void {
    this.committedBytes += this.writer.length - this.committed;
    this.committed = this.writer.length;
  }

  receiveNow(): void {
    this.beforeReceiving();
    const { writer, committed } = this.other;
    if (committed === 0) return;
    // What is written while this is read comes into a place of its own: behind it.
    this.reader!.push(writer.bytes, 0, committed);
    writer.bytes.copyWithin(0, committed, writer.length);
    writer.length -= committed;
    this.other.committed -= committed;
  }

  /** Drops what was sent and not received. */
  forget(): void {
    this.writer.reset();
    this.committed = 0;
  }

  close(error?: CellError): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.receiver?.onClose(error);
    this.other.close();
  }

  destroy(error?: CellError): void {
    this.close(error);
  }

  flush(): void {}
  pause(): void {}
  resume(): void {}
  ref(): void {}
  unref(): void {}
}

/** Two ends of one connection. */
export function pumpedLinks(): [PumpedLink, PumpedLink] {
  const here = new PumpedLink();
  const there = new PumpedLink();
  here.other = there;
  there.other = here;
  return [here, there];
}
