import { KIB } from "../../base/mod.ts";
import type { Link } from "../../net/mod.ts";
import { bytePipe } from "../../net/tls/mod.ts";
import { createClient } from "../../rpc/mod.ts";
import { finishSchema, type Schema, type Type } from "../../schema/mod.ts";
import { NUCLEUS } from "../names.ts";

/** No piece of a relayed pipe is longer. */
export const PIECE_BYTES_MAX = 256 * KIB;
/** As the agent declares it. */
const INSTANCE_LENGTH_MAX = 128;

/** A pipe through the agent of another node, which sees only what is encrypted. */
export interface RelayedPipe {
  readonly pipe: ReturnType<typeof bytePipe>;
  /** Keeps the process alive, which the pipe by itself does not. */
  ref(): void;
  unref(): void;
}

/** Has the agent at the other end of `carrier` connect to one of its instances. The carrier ends with the pipe. */
export function relayedPipe(carrier: Link, node: string, instance: string): RelayedPipe {
  const ref = carrier.ref.bind(carrier);
  const unref = carrier.unref.bind(carrier);
  // The relaying call is in flight for as long as the connection lives: whether the process has to is up to what it carries.
  const held = Object.assign(carrier, { ref: () => {}, unref: () => {} });
  const client = createClient(held, { schema: relaySchema(), service: `the agent of node ${node}` });
  const pipe = bytePipe((outgoing) =>
    client.stream("relay", [instance, inPieces(outgoing)]) as AsyncGenerator<Uint8Array, void, void>
  );
  pipe.once("close", () => void client.close());
  return { pipe, ref, unref };
}

async function* inPieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  for await (const bytes of source) {
    for (let start = 0; start < bytes.length; start += PIECE_BYTES_MAX) {
      yield bytes.subarray(start, start + PIECE_BYTES_MAX);
    }
  }
}

/** What is asked of the agent of another node. */
export function relaySchema(): Schema {
  const piece: Type = { kind: "bytes", maxLength: PIECE_BYTES_MAX };
  return finishSchema({
    name: NUCLEUS,
    methods: {
      relay: {
        params: [
          { name: "instance", type: { kind: "string", maxLength: INSTANCE_LENGTH_MAX } },
          { name: "bytes", type: piece, stream: true },
        ],
        result: piece,
        resultStream: true,
      },
    },
    types: {},
  });
}
