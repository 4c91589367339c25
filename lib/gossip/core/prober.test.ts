import { expect, test } from "bun:test";
import { SECOND } from "../../base/mod.ts";
import { RELAYS_MAX } from "./limits.ts";
import type { NodeId } from "./member.ts";
import { LAN } from "./options.ts";
import { idOf } from "./testing/fake_record.ts";
import { addressOf, changesIn, LoneCore, messagesIn, sentIn } from "./testing/lone_core.ts";

/** The next ping, and the number of whom it is for. */
function nextPing(lone: LoneCore) {
  const sent = lone.passUntil("ping");
  const message = sent.flatMap(({ messages }) => messages).find((one) => one.kind === "ping")!;
  return { sent, sequence: message.sequence, target: numberOf(message.target) };
}

const numberOf = (id: NodeId) => Number.parseInt(id.slice(0, 8), 16);

test("everybody is probed once before anybody is probed again", () => {
  const lone = new LoneCore().know(20);
  for (let round = 0; round < 3; round++) {
    const targets = Array.from({ length: 20 }, () => {
      const { sequence, target } = nextPing(lone);
      lone.hear({ kind: "ack", sequence });
      return target;
    });
    expect(targets.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  }
  expect(lone.core.stats.probesFailed).toBe(0);
});

test("one probe starts per interval", () => {
  const lone = new LoneCore().know(20);
  const times = Array.from({ length: 10 }, () => {
    lone.hear({ kind: "ack", sequence: nextPing(lone).sequence });
    return lone.nowMs;
  });
  for (let index = 1; index < times.length; index++) expect(times[index]! - times[index - 1]!).toBeCloseTo(1_000, 3);
});

test("who does not answer is probed by others and over a stream, then suspected", () => {
  const lone = new LoneCore().know(9);
  const { target } = nextPing(lone);
  const effects = lone.pass(LAN.probeTimeoutMs);
  const requests = sentIn(effects).filter(({ messages }) => messages.some(({ kind }) => kind === "probe_request"));
  expect(requests.length).toBe(3);
  expect(requests.map(({ to }) => to)).not.toContain(addressOf(target));
  const asked = messagesIn(effects, "probe_request");
  expect(asked.every((request) => request.target === idOf(target) && request.wantsNack)).toBe(true);
  expect(effects).toContainEqual({
    kind: "probe_stream",
    id: idOf(target),
    address: addressOf(target),
    timeoutMs: 500,
  });
  expect(changesIn(effects)).toEqual([]);
  expect(changesIn(lone.pass(500))).toEqual([["suspected", target]]);
});

test("an answer by any way keeps a member alive", () => {
  for (const way of ["direct", "indirect", "stream"]) {
    const lone = new LoneCore().know(9);
    const { sequence, target } = nextPing(lone);
    lone.pass(way === "direct" ? 499 : 600);
    if (way === "stream") lone.core.onProbeStream(idOf(target), true, lone.nowMs);
    else lone.hearFrom(addressOf(way === "direct" ? target : 9), { kind: "ack", sequence });
    lone.pass(401);
    expect(lone.state(target)).toBe("alive");
  }
});

test("an answer to another probe, or a stream that failed, is none", () => {
  const lone = new LoneCore().know(9);
  const { sequence, target } = nextPing(lone);
  lone.hear({ kind: "ack", sequence: sequence + 1 });
  lone.pass(600);
  lone.core.onProbeStream(idOf(target), false, lone.nowMs);
  lone.pass(401);
  expect(lone.state(target)).toBe("suspect");
});

test("a node that hears not even nacks doubts itself and slows down; answers restore it", () => {
  const lone = new LoneCore({ probeStreams: false }).know(20);
  nextPing(lone);
  const startMs = lone.nowMs;
  nextPing(lone);
  expect(lone.nowMs - startMs).toBeCloseTo(1_000, 3);
  expect(lone.core.healthScore).toBe(3);
  const slowMs = lone.nowMs;
  nextPing(lone);
  expect(lone.nowMs - slowMs).toBeCloseTo(4_000, 3);
  for (let answers = 0; answers < 8; answers++) lone.hear({ kind: "ack", sequence: nextPing(lone).sequence });
  expect(lone.core.healthScore).toBe(0);
});

test("nacks from those who were asked leave the doubt with the target; one sender counts once", () => {
  const score = (nackers: number[]) => {
    const lone = new LoneCore({ probeStreams: false }).know(20);
    const { sequence } = nextPing(lone);
    lone.pass(600);
    for (const from of nackers) lone.hearFrom(addressOf(from), { kind: "nack", sequence });
    lone.pass(400);
    return lone.core.healthScore;
  };
  expect(score([1, 2, 3])).toBe(0);
  expect(score([1, 1, 1])).toBe(2);
  expect(score([])).toBe(3);
});

test("without local health nothing slows a node down", () => {
  const lone = new LoneCore({ probeStreams: false, localHealth: false }).know(20);
  for (let probes = 0; probes < 5; probes++) nextPing(lone);
  expect(lone.core.healthScore).toBe(0);
});

test("a ping to a suspect begins with the accusation, so that the answer can refute it", () => {
  const pingTo = (buddySystem: boolean) => {
    const lone = new LoneCore({ buddySystem }).know(1);
    lone.hear({ kind: "suspect", id: idOf(1), incarnation: 0, from: idOf(7) });
    const { sent } = nextPing(lone);
    return sent.find(({ messages }) => messages.some(({ kind }) => kind === "ping"))!.messages;
  };
  const accusation = { kind: "suspect", id: idOf(1), incarnation: 0, from: idOf(0) } as const;
  expect(pingTo(true)[0]).toEqual(accusation);
  expect(pingTo(false)).not.toContainEqual(accusation);

  const accused = new LoneCore().know(1);
  const answer = accused.hear({ ...accusation, id: idOf(0), from: idOf(1) }, {
    kind: "ping",
    sequence: 4,
    target: idOf(0),
  });
  expect(messagesIn(answer, "ack")).toEqual([{ kind: "ack", sequence: 4 }]);
  expect(messagesIn(answer, "alive")).toMatchObject([{ id: idOf(0), incarnation: 1 }]);
});

test("a ping is answered by its target and by nobody else", () => {
  const lone = new LoneCore().know(1);
  expect(lone.hear({ kind: "ping", sequence: 1, target: idOf(1) })).toEqual([]);
  const answer = lone.hearFrom("1.2.3.4:5", { kind: "ping", sequence: 2, target: idOf(0) });
  expect(sentIn(answer)).toEqual([{ to: "1.2.3.4:5", messages: [{ kind: "ack", sequence: 2 }] }]);
});

test("a probe for another hands the answer on, under the number that the other gave it", () => {
  const lone = new LoneCore().know(3);
  const asked = lone.hearFrom(addressOf(1), { kind: "probe_request", sequence: 77, target: idOf(2), wantsNack: true });
  const [ping] = sentIn(asked);
  expect(ping).toMatchObject({ to: addressOf(2), messages: [{ kind: "ping", target: idOf(2) }] });
  const { sequence } = messagesIn(asked, "ping")[0]!;
  const answer = lone.hearFrom(addressOf(2), { kind: "ack", sequence });
  expect(sentIn(answer)).toEqual([{ to: addressOf(1), messages: [{ kind: "ack", sequence: 77 }] }]);
  expect(messagesIn(lone.pass(10 * SECOND), "nack")).toEqual([]);
});

test("a probe for another that is not answered ends with a nack in time, where one is wanted", () => {
  for (const wantsNack of [true, false]) {
    const lone = new LoneCore().know(3);
    lone.hearFrom(addressOf(1), { kind: "probe_request", sequence: 77, target: idOf(2), wantsNack });
    expect(messagesIn(lone.pass(399), "nack")).toEqual([]);
    expect(messagesIn(lone.pass(2), "nack")).toEqual(wantsNack ? [{ kind: "nack", sequence: 77 }] : []);
  }
});

test("probes for others are bounded, and only for members that are known", () => {
  const lone = new LoneCore().know(3);
  const request = (target: number) =>
    lone.hear({ kind: "probe_request", sequence: 1, target: idOf(target), wantsNack: true });
  expect(request(50)).toEqual([]);
  for (let count = 0; count < RELAYS_MAX; count++) expect(request(2).length).toBe(1);
  expect(request(2)).toEqual([]);
  expect(lone.core.stats.refused.relay).toBe(2);
  lone.pass(1 * SECOND);
  expect(request(2).length).toBe(1);
});

test("time in which the process did not run is nobody's fault", () => {
  const suspectedAfterStop = (forgivesLostTime: boolean) => {
    const lone = new LoneCore({ forgivesLostTime }).know(9);
    const { sequence, target } = nextPing(lone);
    lone.nowMs += 30 * SECOND;
    const before = changesIn(lone.core.tick(lone.nowMs));
    lone.hearFrom(addressOf(target), { kind: "ack", sequence });
    expect(lone.core.stats.lapses).toBe(forgivesLostTime ? 1 : 0);
    return before;
  };
  expect(suspectedAfterStop(false)).toMatchObject([["suspected", expect.anything()]]);
  expect(suspectedAfterStop(true)).toEqual([]);
});

test("an answer that came while the process did not run is handed on to who asked for it", () => {
  const answersAfterStop = (forgivesLostTime: boolean) => {
    const lone = new LoneCore({ forgivesLostTime }).know(3);
    const request = { kind: "probe_request", sequence: 77, target: idOf(2), wantsNack: true } as const;
    const { sequence } = messagesIn(lone.hearFrom(addressOf(1), request), "ping")[0]!;
    lone.nowMs += 30 * SECOND;
    const effects = [...lone.core.tick(lone.nowMs), ...lone.hearFrom(addressOf(2), { kind: "ack", sequence })];
    return [messagesIn(effects, "nack").length, messagesIn(effects, "ack").length];
  };
  expect(answersAfterStop(true)).toEqual([0, 1]);
  expect(answersAfterStop(false)).toEqual([1, 0]);
});

test("a probe whose interval was about to end is still given time to read its answer", () => {
  const lone = new LoneCore().know(9);
  const { sequence, target } = nextPing(lone);
  lone.pass(990);
  lone.nowMs += 30 * SECOND;
  expect(changesIn(lone.core.tick(lone.nowMs))).toEqual([]);
  lone.hearFrom(addressOf(target), { kind: "ack", sequence });
  lone.pass(1 * SECOND);
  expect(lone.state(target)).toBe("alive");
});

test("lost time counts once, however much is read before the next tick", () => {
  const lone = new LoneCore().know(9);
  lone.hear({ kind: "suspect", id: idOf(3), incarnation: 0, from: idOf(1) });
  for (const stops of [1, 2]) {
    lone.pass(5 * SECOND);
    lone.nowMs += 90 * SECOND;
    for (let packets = 0; packets < 50; packets++) lone.hear({ kind: "ack", sequence: packets });
    lone.pass(0);
    expect(lone.core.stats.lapses).toBe(stops);
  }
});

test("suspects get the lost time too", () => {
  const stateAfterStop = (forgivesLostTime: boolean) => {
    const lone = new LoneCore({ forgivesLostTime }).know(9);
    lone.hear({ kind: "suspect", id: idOf(3), incarnation: 0, from: idOf(1) });
    lone.nowMs += 60 * SECOND;
    lone.core.tick(lone.nowMs);
    return lone.state(3);
  };
  expect(stateAfterStop(false)).toBe("failed");
  expect(stateAfterStop(true)).toBe("suspect");
});
