import { afterEach, expect, jest, setDefaultTimeout, test } from "bun:test";
import { KIB, MIB, seededRandom } from "../../base/mod.ts";
import { proveIdentity } from "../identity/mod.ts";
import { encodeIntroduction, INTRODUCTION_BYTES_MAX, IntroductionKind } from "./introduction.ts";
import { turnsUntil } from "../testing/turns_until.ts";
import { DEFAULT_QUIC_OPTIONS } from "./mod.ts";
import { EchoClient, QuicWorld, send, Stranger, until } from "./testing/mod.ts";

setDefaultTimeout(120_000);
afterEach(() => void jest.useRealTimers());

/** Longer with CELL_SOAK=1 (`make soak`). */
const isSoak = process.env["CELL_SOAK"] === "1";
const GARBAGE_DATAGRAMS = isSoak ? 1_000_000 : 100_000;
const HALF_HANDSHAKES = isSoak ? 5_000 : 150;

test("100,000 datagrams of garbage do not hurt who is connected, nor who connects", async () => {
  await using world = await QuicWorld.create();
  const listener = await world.listen();
  const client = new EchoClient(await world.dial(listener.port));
  const random = seededRandom(11);
  const noise = new Uint8Array(1_500).map(() => random() * 256);
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    connect: { hostname: "127.0.0.1", port: listener.port },
    socket: { data() {} },
  });
  let asked = 0;
  for (let sent = 0; sent < GARBAGE_DATAGRAMS; sent++) {
    // One after the other, with garbage before each, behind it and with its answer.
    if (sent % 100 === 0 && client.answers.length === asked) send(client.link, ++asked, new Uint8Array(64));
    const from = Math.floor(random() * 256);
    noise[from] = Math.floor(random() * 256);
    socket.send(noise.subarray(from, from + 1 + Math.floor(random() * 1_240)));
    if (sent % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const late = new EchoClient(await world.dial(listener.port));
  await late.ask(1);
  await until(() => client.answers.length === asked || client.end !== undefined);
  expect(client.answers).toEqual(Array.from({ length: asked }, (_, index) => index + 1));
  expect(listener.strangers).toBe(0);
  socket.close();
}, 600_000);

test("handshakes that nobody finishes hold few places, and keep nobody out", async () => {
  await using world = await QuicWorld.create();
  const strangersMax = 20;
  const listener = await world.listen({ options: { strangersMax } });
  const client = new EchoClient(await world.dial(listener.port));
  const initials = await captureInitials(world, HALF_HANDSHAKES);
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    connect: { hostname: "127.0.0.1", port: listener.port },
    socket: { data() {} },
  });
  for (const [index, initial] of initials.entries()) {
    socket.send(initial);
    if (index % 10 === 0) {
      await client.ask(index + 1);
      expect(listener.strangers).toBeLessThanOrEqual(strangersMax);
    }
    if (index === Math.floor(initials.length / 2)) await new EchoClient(await world.dial(listener.port)).ask(1);
  }
  await until(() => listener.strangers === strangersMax);
  expect(world.refused.length).toBeGreaterThan(0);
  await new EchoClient(await world.dial(listener.port)).ask(1);
  socket.close();
}, 600_000);

test("a handshake that nobody finishes holds its place for its time", async () => {
  await using world = await QuicWorld.create();
  const [initial] = await captureInitials(world, 1);
  const { handshakeMs } = DEFAULT_QUIC_OPTIONS;
  jest.useFakeTimers();
  const listener = await world.listen({ options: { handshakeMs } });
  const socket = await Bun.udpSocket({ hostname: "127.0.0.1" });
  socket.send(initial!, listener.port, "127.0.0.1");
  await turnsUntil(() => listener.strangers === 1);
  jest.advanceTimersByTime(handshakeMs - 1);
  expect([listener.strangers, world.refused.length]).toEqual([1, 0]);
  jest.advanceTimersByTime(1);
  expect([listener.strangers, world.refused.length]).toEqual([0, 1]);
  socket.close();
});

/** First datagrams of clients that go on to say nothing. */
async function captureInitials(world: QuicWorld, count: number): Promise<Uint8Array[]> {
  const initials: Uint8Array[] = [];
  const sink = await Bun.udpSocket({
    hostname: "127.0.0.1",
    binaryType: "uint8array",
    socket: { data: (_, bytes) => void initials.push(bytes.slice()) },
  });
  while (initials.length < count) {
    const before = initials.length;
    const stranger = await Stranger.connect(sink.port, world.client);
    stranger.session.opened.catch(() => {});
    await until(() => initials.length > before);
    stranger.leave();
  }
  sink.close();
  return initials;
}

test("a client that finishes its handshake and says nothing is sent away in time", async () => {
  await using world = await QuicWorld.create();
  const { handshakeMs } = DEFAULT_QUIC_OPTIONS;
  jest.useFakeTimers();
  const listener = await world.listen({ options: { handshakeMs } });
  const stranger = await Stranger.connect(listener.port, world.client);
  await stranger.session.opened;
  jest.advanceTimersByTime(handshakeMs);
  await turnsUntil(() => stranger.end !== undefined && world.refused.length === 1);
  expect(world.refused[0]!.message).toContain(`did not say who it is within ${handshakeMs} ms`);
  expect(listener.strangers).toBe(0);
  stranger.leave();
});

test("a client whose first bytes are no introduction is refused, whatever their lengths", async () => {
  await using world = await QuicWorld.create();
  const listener = await world.listen();
  const random = seededRandom(5);
  const attempts = [
    Uint8Array.of(0, 0, 0, 0),
    Uint8Array.of(1, IntroductionKind.admitted, 0, 0),
    Uint8Array.of(1, IntroductionKind.proof, 0xff, 0xff),
    Uint8Array.of(1, IntroductionKind.proof, 0, 0),
    encodeIntroduction(IntroductionKind.proof, new Uint8Array(INTRODUCTION_BYTES_MAX)),
    ...Array.from({ length: 10 }, () => new Uint8Array(300).map(() => random() * 256)),
  ];
  for (const bytes of attempts) {
    const refusedBefore = world.refused.length;
    const stranger = await Stranger.connect(listener.port, world.client);
    await stranger.session.opened;
    const stream = await stranger.say(bytes);
    let answered = 0;
    for await (const batch of stream) for (const chunk of batch) answered += chunk.length;
    expect(answered).toBeGreaterThan(0);
    // At most REPORTS_PER_SECOND are told.
    await until(() => world.refused.length > refusedBefore || listener.strangers === 0);
    stranger.leave();
  }
  expect(world.accepted).toEqual([]);
});

/** A client that was let in and does what it likes from then on. */
async function admitted(world: QuicWorld, port: number) {
  const stranger = await Stranger.connect(port, world.client);
  await stranger.session.opened;
  const before = world.accepted.length;
  const proof = proveIdentity(world.client, world.server.certificate);
  const stream = await stranger.say(encodeIntroduction(IntroductionKind.proof, proof));
  await until(() => world.accepted.length > before);
  return { stranger, stream, link: world.accepted.at(-1)! };
}

test("a client gets one stream: no second one is ever opened", async () => {
  await using world = await QuicWorld.create();
  const { port } = await world.listen();
  const honest = new EchoClient(await world.dial(port));
  const { stranger } = await admitted(world, port);
  for (let stream = 0; stream < 100; stream++) {
    void stranger.session.createBidirectionalStream().then((opened) => {
      opened.onerror = () => {};
      opened.writer.writeSync(new Uint8Array(1000));
    }, () => {});
  }
  for (let callId = 1; callId <= 50; callId++) await honest.ask(callId);
  expect(world.accepted.length).toBe(2);
  stranger.leave();
});

test("a client that resets its stream, or leaves in the middle of a frame, ends its own link only", async () => {
  await using world = await QuicWorld.create();
  const { port } = await world.listen();
  const honest = new EchoClient(await world.dial(port));
  for (const how of ["reset", "leave"] as const) {
    const { stranger, stream, link } = await admitted(world, port);
    // A header that announces more than comes.
    stream.writer.writeSync(Uint8Array.of(200, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7));
    await until(() => link.midFrame);
    if (how === "reset") stream.destroy(undefined, { code: 9 });
    else stranger.leave();
    await until(() => (link as unknown as { closed: boolean }).closed);
    stranger.leave();
    await honest.ask(how === "reset" ? 1 : 2);
  }
});

test("a client that never reads holds up nobody but itself, and what is held for it is bounded", async () => {
  await using world = await QuicWorld.create();
  const { port } = await world.listen();
  const honest = new EchoClient(await world.dial(port));
  const { stranger, stream, link } = await admitted(world, port);
  await stream[Symbol.asyncIterator]().next();
  const frame = new Uint8Array(20 + 64 * KIB);
  frame.set([0, 0, 1, 0, 4, 0, 0, 0, 1]);
  for (let sent = 0; sent < 64; sent++) stream.writer.writeSync(frame);
  await until(() => !link.writable);
  for (let callId = 1; callId <= 50; callId++) await honest.ask(callId);
  // An echo without the protocol's own limits queues what the peer's window lets in.
  expect(link.queuedBytes).toBeLessThan(8 * MIB);
  stranger.leave();
  await until(() => (link as unknown as { closed: boolean }).closed);
});

test("a client that sends more than it was granted to somebody who has paused is sent away", async () => {
  await using world = await QuicWorld.create();
  const { port } = await world.listen();
  const { stranger, stream, link } = await admitted(world, port);
  link.pause();
  stream.writer.writeSync(new Uint8Array(MIB));
  await until(() => stranger.end !== undefined);
  expect(stranger.end).toMatchObject({ reason: "more was sent than was granted" });
  stranger.leave();
});
