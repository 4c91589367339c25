import type { Socket } from "bun";
import { greet, type HelloService, type Program } from "../harness/mod.ts";

/** Calls before counting: connecting and the schema's way to the client are no part of a call. */
const CALLS_BEFORE = 3;
const CALLS_COUNTED = 10;

/** Bytes on the wire of one call. */
export interface CallBytes {
  request: number;
  response: number;
}

/** Counts the bytes of a `greet` call by calling through a relay that listens at `tapPath`. */
export async function countBytes(service: HelloService, server: Program, tapPath: string): Promise<CallBytes> {
  const bytes: CallBytes = { request: 0, response: 0 };
  const relay = Bun.listen<{ upstream: Promise<Socket> }>({
    unix: tapPath,
    socket: {
      open(client) {
        const upstream = Bun.connect({
          unix: service.socket,
          socket: {
            data(_socket, chunk) {
              bytes.response += chunk.length;
              client.write(chunk);
            },
          },
        });
        client.data = { upstream };
      },
      async data(client, chunk) {
        bytes.request += chunk.length;
        const copy = chunk.slice();
        (await client.data.upstream).write(copy);
      },
      async close(client) {
        (await client.data.upstream).end();
      },
    },
  });
  const client = await service.connect(server, tapPath);
  try {
    for (let call = 0; call < CALLS_BEFORE; call++) await greet(client);
    bytes.request = bytes.response = 0;
    for (let call = 0; call < CALLS_COUNTED; call++) await greet(client);
    return {
      request: Math.round(bytes.request / CALLS_COUNTED),
      response: Math.round(bytes.response / CALLS_COUNTED),
    };
  } finally {
    await client.close();
    relay.stop(true);
  }
}
