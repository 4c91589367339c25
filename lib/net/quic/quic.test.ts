import { afterEach, expect, jest, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { validateQuicOptions } from "./options.ts";
import { RefusalReport, REPORTS_PER_SECOND } from "./refusal_report.ts";
import { CellError } from "../../base/mod.ts";
import { turnsUntil } from "../testing/turns_until.ts";
import { EchoClient, QuicWorld, until } from "./testing/mod.ts";

setDefaultTimeout(120_000);
afterEach(() => void jest.useRealTimers());

test("nobody there: the error says so within its time, and that nothing was started", async () => {
  await using world = await QuicWorld.create();
  jest.useFakeTimers();
  let isSpokenTo = false;
  const silent = await Bun.udpSocket({ hostname: "127.0.0.1", socket: { data: () => void (isSpokenTo = true) } });
  const attempt = world.dial(silent.port, { timeoutMs: 50 });
  attempt.catch(() => {});
  await turnsUntil(() => isSpokenTo);
  jest.advanceTimersByTime(50);
  await expect(attempt).rejects.toMatchObject({
    code: "UNAVAILABLE",
    data: { started: false },
    message: expect.stringMatching(/nothing answered there .* within 50 ms/),
  });
  silent.close();
});

test("time that was over before anything could be sent is not said to be the network's fault, nor an address's", async () => {
  await using world = await QuicWorld.create();
  jest.useFakeTimers();
  const hosts = ["127.0.0.1", "no-such-host.invalid"];
  const attempts = Promise.allSettled(hosts.map((host) => world.dial(9, { timeoutMs: 50, host })));
  // Nothing that the attempts wait for has had a turn.
  jest.advanceTimersByTime(50);
  const messages = (await attempts).map((attempt) =>
    attempt.status === "rejected" ? attempt.reason.message : "connected"
  );
  expect(messages).toEqual([
    "connecting to 127.0.0.1:9 by QUIC: this process did not come to send anything within 50 ms",
    "connecting to no-such-host.invalid:9 by QUIC: its name was not found within 50 ms",
  ]);
});

test("a name that nobody has is UNAVAILABLE", async () => {
  await using world = await QuicWorld.create();
  await expect(world.dial(9, { host: "no-such-host.invalid" })).rejects.toMatchObject({ code: "UNAVAILABLE" });
});

test("credentials that cannot be had fail the attempt, not the process", async () => {
  await using world = await QuicWorld.create();
  const credentials = () => {
    throw new Error("the agent does not answer");
  };
  await expect(world.dial(9, { credentials })).rejects.toMatchObject({
    code: "INTERNAL",
    message: "the agent does not answer",
  });
});

test("a caller that gives up is CANCELLED, before it begins and while it waits", async () => {
  await using world = await QuicWorld.create();
  const silent = await Bun.udpSocket({ hostname: "127.0.0.1" });
  await expect(world.dial(silent.port, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "CANCELLED" });
  const controller = new AbortController();
  const attempt = world.dial(silent.port, { signal: controller.signal });
  controller.abort();
  await expect(attempt).rejects.toMatchObject({ code: "CANCELLED" });
  silent.close();
});

test("a port that is taken, an address of another machine and a port that is none are told apart", async () => {
  await using world = await QuicWorld.create();
  const { port } = await world.listen();
  await expect(world.listen({ port })).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
  await expect(world.listen({ host: "192.0.2.1" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await expect(world.listen({ port: 65_536 })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  await expect(world.listen({ port: { from: 0, to: 7 } })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});

test("of a range the first free port is taken", async () => {
  await using world = await QuicWorld.create();
  const { port } = await world.listen();
  const second = await world.listen({ port: { from: port, to: Math.min(port + 50, 65_535) } });
  expect(second.port).toBeGreaterThan(port);
});

test("dialing twice gives two links that know nothing of each other", async () => {
  await using world = await QuicWorld.create();
  const { port } = await world.listen();
  const [first, second] = await Promise.all([world.dial(port), world.dial(port)]);
  const one = new EchoClient(first);
  const other = new EchoClient(second);
  await Promise.all([one.ask(1), other.ask(2)]);
  first.destroy();
  await other.ask(3);
  expect([one.answers, other.answers]).toEqual([[1], [2, 3]]);
});

test("a listener that stopped lets its links live, and nobody else in", async () => {
  await using world = await QuicWorld.create();
  const listener = await world.listen();
  const client = new EchoClient(await world.dial(listener.port));
  await listener.close();
  await client.ask(1);
  await expect(world.dial(listener.port, { timeoutMs: 200 })).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await client.ask(2);
});

test("IPv6 is dialed from a socket of its own", async () => {
  await using world = await QuicWorld.create();
  const listener = await world.listen({ host: "::1" }).catch(() => undefined);
  // Containers often have no IPv6.
  if (listener === undefined) return;
  const six = new EchoClient(await world.dial(listener.port, { host: "::1" }));
  const { port } = await world.listen();
  const four = new EchoClient(await world.dial(port));
  await Promise.all([six.ask(1), four.ask(1)]);
  expect(six.link.peer).toMatchObject({ address: `[::1]:${listener.port}` });
});

test("a script whose links are let go of ends by itself", async () => {
  await using world = await QuicWorld.create();
  const { port } = await world.listen();
  const { chainPem, privateKeyPem, authorityPem, notAfterMs } = world.client;
  const script = Bun.spawn([process.execPath, join(import.meta.dir, "testing", "script.ts")], {
    stdin: new Blob([JSON.stringify({ port, chainPem, privateKeyPem, authorityPem, notAfterMs })]),
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await script.exited).toBe(0);
  expect(await script.stdout.text()).toBe("asked\n");
  // Above all no warning that QUIC is experimental.
  expect(await script.stderr.text()).toBe("");
  await until(() => world.accepted[0]!.queuedBytes === 0);
});

test("options outside of their bounds are named", () => {
  expect(() => validateQuicOptions({ idleMs: 10 })).toThrow("idleMs: expected an integer from 1000");
  expect(() => validateQuicOptions({ idleMs: 3_000, keepAliveMs: 1_500 })).toThrow("a third of idleMs");
  expect(() => validateQuicOptions({ windowBytes: 10 })).toThrow("windowBytes: expected an integer from 65536");
});

test("of many refusals some are told each second, and how many were not", () => {
  let nowMs = 0;
  const told: string[] = [];
  const report = new RefusalReport(({ message }) => void told.push(message), () => nowMs);
  for (let index = 0; index < 100; index++) report.add(new CellError("UNAUTHENTICATED", `refusal ${index}`));
  expect(told.length).toBe(REPORTS_PER_SECOND);
  nowMs = 1_000;
  report.add(new CellError("UNAUTHENTICATED", "one more"));
  expect(told.at(-1)).toBe(`one more (and ${100 - REPORTS_PER_SECOND} more connections were refused before)`);
});
