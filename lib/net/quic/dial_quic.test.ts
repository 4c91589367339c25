import { expect, test } from "bun:test";
import { CellError, SECOND } from "../../base/mod.ts";
import { dialQuic, type DialQuicOptions, HANDSHAKES_MAX } from "./dial_quic.ts";
import type { QuicSession } from "./runtime.ts";

/** Dials with sessions that end as they are told to, one after the other; gives the error and how many there were. */
async function dialWith(closed: () => Promise<void>): Promise<{ error: CellError; handshakes: number }> {
  let handshakes = 0;
  const session = { opened: new Promise(() => {}), destroy: () => {} };
  const given = { host: "192.0.2.7", port: 9, timeoutMs: 60 * SECOND } as DialQuicOptions;
  const error = await dialQuic(given, (_given, _options, departure) => {
    handshakes++;
    departure.begin({ ...session, closed: closed() } as Partial<QuicSession> as QuicSession, {} as never);
    return Promise.resolve();
  }).then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(CellError);
  return { error: error as CellError, handshakes };
}

test("a handshake that ends without a word is begun anew, and given up after some", async () => {
  const { error, handshakes } = await dialWith(() => Promise.resolve());
  expect(handshakes).toBe(HANDSHAKES_MAX);
  expect(error).toMatchObject({ code: "UNAVAILABLE", data: { started: false } });
  expect(error.message).toContain("the other side closed the connection");
});

test("a handshake that ends with a reason is not", async () => {
  const { error, handshakes } = await dialWith(() => Promise.reject(new Error("no such protocol")));
  expect(handshakes).toBe(1);
  expect(error.message).toContain("no such protocol");
});
