import { expect, setDefaultTimeout, test } from "bun:test";
import { CellError, KIB, MINUTE } from "../../base/mod.ts";
import { EchoClient, LossyRelay, QuicWorld, send, until, type Weather } from "./testing/mod.ts";

setDefaultTimeout(120_000);

/** A client behind a relay, and the relay. */
async function behindRelay(world: QuicWorld, weather: Weather, options = {}) {
  const { port } = await world.listen({ options });
  const relay = await LossyRelay.start(port, weather);
  const client = new EchoClient(await world.dial(relay.port, { options }));
  return { relay, client, [Symbol.dispose]: () => relay.close() };
}

test("frames arrive whole and in order over a network that loses, repeats and reorders", async () => {
  await using world = await QuicWorld.create();
  using pair = await behindRelay(world, { delayMs: 2, loss: 0.03, reorder: 0.1, duplicate: 0.05, seed: 3 });
  const { client, relay } = pair;
  for (let callId = 1; callId <= 200; callId++) send(client.link, callId, new Uint8Array((callId * 37) % (4 * KIB)));
  await until(() => client.answers.length === 200 || client.end !== undefined);
  expect(client.answers).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  expect(relay.lost).toBeGreaterThan(0);
});

test("with nearly every second datagram lost, calls are slow and are answered", async () => {
  await using world = await QuicWorld.create();
  using pair = await behindRelay(world, { loss: 0.5, lossRunMax: 2, delayMs: 1, seed: 5 }, { idleMs: 5 * MINUTE });
  for (let callId = 1; callId <= 10; callId++) await pair.client.ask(callId);
  expect(pair.client.answers.length).toBe(10);
}, 300_000);

test("a client whose address changes keeps its connection and its calls", async () => {
  await using world = await QuicWorld.create();
  using pair = await behindRelay(world, { delayMs: 1 });
  const { client, relay } = pair;
  await client.ask(1);
  for (let callId = 2; callId <= 5; callId++) {
    const asked = client.ask(callId);
    await relay.rebind();
    await asked;
  }
  expect(client.answers).toEqual([1, 2, 3, 4, 5]);
  expect(world.accepted.length).toBe(1);
});

test("a network that carries nothing any more is noticed by both sides within the idle time", async () => {
  await using world = await QuicWorld.create();
  using pair = await behindRelay(world, {}, { idleMs: 4_000, keepAliveMs: 100 });
  const { client, relay } = pair;
  await client.ask(1);
  // Signs of life go both ways when nobody says anything.
  const { passed } = relay;
  await until(() => relay.passed > passed + 40);
  expect(client.end).toBeUndefined();
  relay.weather = { loss: 1 };
  const atServer = world.accepted[0] as unknown as { closed: boolean };
  await until(() => client.end !== undefined && atServer.closed);
  expect(client.end).toBeInstanceOf(CellError);
  expect(client.end).toMatchObject({ code: "UNAVAILABLE", message: expect.stringContaining("silent for too long") });
});

test("peers that die without a word hold nobody else up", async () => {
  await using world = await QuicWorld.create();
  const options = { keepAliveMs: 100, idleMs: MINUTE };
  const { port } = await world.listen({ options });
  const relay = await LossyRelay.start(port);
  const lost = await Promise.all(Array.from({ length: 16 }, () => world.dial(relay.port, { options })));
  const lostAtServer = [...world.accepted];
  const living = new EchoClient(await world.dial(port, { options }));
  // From here on the machine says of every packet to the dead peers that nobody is there, to both sides.
  relay.close();
  for (let callId = 1; callId <= 200; callId++) {
    for (const link of [...lost, ...lostAtServer]) send(link, callId, new Uint8Array(8));
    await living.ask(callId);
    // Packets to the dead peers are sent again meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // After such an error the runtime sends nothing at all for a while, so an answer takes until the dead are given up.
  expect(lost.filter((link) => (link as unknown as { closed: boolean }).closed)).toEqual([]);
}, 300_000);
