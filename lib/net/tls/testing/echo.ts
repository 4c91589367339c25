import type { CellError } from "../../../base/mod.ts";
import { beginFrame, endFrame, Kind } from "../../../wire/mod.ts";
import type { Link } from "../../mod.ts";

const PAYLOAD_BYTES_MAX = 1024;

/** Sends every frame back. */
export function echo(link: Link): void {
  link.start({
    onFrame: ({ kind, method, callId, bytes, start, end }) => {
      const at = beginFrame(link.writer, kind, 0, method, callId, 0, 0);
      link.writer.append(bytes.subarray(start, end));
      endFrame(link.writer, at);
      link.commit();
    },
    onOversized: () => {},
    onViolation: (error) => link.close(error),
    onWritable: () => {},
    onClose: () => {},
  }, PAYLOAD_BYTES_MAX);
}

/** Asks an echo over a link. */
export class Asker {
  readonly closed = Promise.withResolvers<CellError | undefined>();
  private waiting: ((text: string) => void)[] = [];

  constructor(readonly link: Link) {
    link.start({
      onFrame: ({ bytes, start, end }) => this.waiting.shift()?.(Buffer.from(bytes.slice(start, end)).toString()),
      onOversized: () => {},
      onViolation: (error) => link.close(error),
      onWritable: () => {},
      onClose: (error) => this.closed.resolve(error),
    }, PAYLOAD_BYTES_MAX);
  }

  /** Resolves with what comes back. */
  ask(text: string): Promise<string> {
    const { link } = this;
    const at = beginFrame(link.writer, Kind.request, 0, 0, 1, 0, 0);
    link.writer.append(Buffer.from(text));
    endFrame(link.writer, at);
    link.commit();
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
