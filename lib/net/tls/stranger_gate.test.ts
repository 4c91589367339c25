import { expect, test } from "bun:test";
import { DEFAULT_TLS_LIMITS, type TlsLimits, validateTlsLimits } from "./limits.ts";
import { ADDRESSES_MAX, networkOf, StrangerGate } from "./stranger_gate.ts";

/** A gate, and the time that it sees. */
function gateWith(limits: Partial<TlsLimits> = {}) {
  const clock = { nowMs: 1000 };
  const gate = new StrangerGate(validateTlsLimits(limits), () => clock.nowMs);
  return { gate, clock };
}

test("one address may have so many strangers inside, and others as many beside it, up to the number for all", () => {
  const { gate } = gateWith({ strangersMax: 5, strangersPerAddressMax: 2 });
  const asked = ["a", "a", "a", "b", "b", "b", "c", "c"].map((host) => gate.enter(`192.0.2.${host}`));
  const ofOne = "too many of this address";
  expect(asked).toEqual([undefined, undefined, ofOne, undefined, undefined, ofOne, undefined, "too many at once"]);
  expect(gate.inside).toBe(5);
  gate.leave("192.0.2.a");
  expect(gate.enter("192.0.2.a")).toBeUndefined();
});

test("whoever was not let in must not leave", () => {
  const { gate } = gateWith({ strangersPerAddressMax: 1 });
  gate.enter("192.0.2.1");
  gate.enter("192.0.2.1");
  gate.leave("192.0.2.1");
  expect(() => gate.leave("192.0.2.1")).toThrow("whoever leaves has been let in");
  expect(gate.inside).toBe(0);
});

test("new connections come as fast as the limits say, and a pause is made up for by a second's worth at most", () => {
  const { gate, clock } = gateWith({ connectionsPerSecond: 10, connectionsPerSecondPerAddress: 4 });
  const come = (host: string, count: number) => {
    const refusals: (string | undefined)[] = [];
    for (let index = 0; index < count; index++) {
      const why = gate.enter(host);
      refusals.push(why);
      if (why === undefined) gate.leave(host);
    }
    return refusals.filter((why) => why !== undefined);
  };
  expect(come("192.0.2.1", 6)).toEqual(Array(2).fill("too fast from this address"));
  expect(come("192.0.2.2", 4)).toEqual([]);
  expect(come("192.0.2.3", 4)).toEqual(Array(2).fill("too fast"));
  clock.nowMs += 250;
  expect(come("192.0.2.1", 2)).toEqual(["too fast from this address"]);
  expect(come("192.0.2.3", 2)).toEqual(["too fast"]);
  clock.nowMs += 60_000;
  expect(come("192.0.2.1", 5)).toEqual(["too fast from this address"]);
});

test("what an address is refused for its own sake does not count against the others", () => {
  const { gate } = gateWith({ connectionsPerSecond: 10, connectionsPerSecondPerAddress: 1 });
  for (let count = 0; count < 1000; count++) gate.enter("192.0.2.1");
  expect(gate.enter("192.0.2.2")).toBeUndefined();
});

test("a clock that goes backwards takes no tokens and gives none", () => {
  const { gate, clock } = gateWith({ connectionsPerSecondPerAddress: 1 });
  expect(gate.enter("192.0.2.1")).toBeUndefined();
  clock.nowMs -= 10_000;
  expect(gate.enter("192.0.2.1")).toBe("too fast from this address");
});

test("of more addresses than are remembered the oldest is forgotten, unless it has a stranger inside", () => {
  const { gate } = gateWith({
    connectionsPerSecond: 65_536,
    connectionsPerSecondPerAddress: 1,
    strangersMax: 2,
    strangersPerAddressMax: 1,
  });
  const come = (host: string) => {
    const why = gate.enter(host);
    if (why === undefined) gate.leave(host);
    return why;
  };
  expect(gate.enter("192.0.2.1")).toBeUndefined();
  expect(come("192.0.2.2")).toBeUndefined();
  expect(come("192.0.2.2")).toBe("too fast from this address");
  for (let index = 0; index < 2 * ADDRESSES_MAX; index++) {
    expect(come(`198.51.${index >> 8}.${index & 255}`)).toBeUndefined();
    expect(gate.addressCount).toBeLessThanOrEqual(ADDRESSES_MAX);
  }
  expect(gate.addressCount).toBe(ADDRESSES_MAX);
  expect(come("192.0.2.2")).toBeUndefined();
  expect(gate.enter("192.0.2.1")).toBe("too many of this address");
});

test("an IPv6 customer is its first 64 bits", () => {
  const cases = [
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8:1:2::9", "2001:db8:1:2"],
    ["2001:DB8:1:02::", "2001:db8:1:2"],
    ["2001:db8::9", "2001:db8:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["::1", "0:0:0:0"],
    ["::", "0:0:0:0"],
    ["1::2:3:4:5:6:7", "1:0:2:3"],
    ["192.0.2.7", "192.0.2.7"],
  ] as const;
  for (const [address, network] of cases) expect(networkOf(address), address).toBe(network);
});

test("a limit out of its bounds is refused by its name", () => {
  expect(validateTlsLimits()).toEqual(DEFAULT_TLS_LIMITS);
  for (const name of Object.keys(DEFAULT_TLS_LIMITS)) {
    for (const value of [0, -1, 1.5, NaN, 2 ** 30]) {
      expect(() => validateTlsLimits({ [name]: value }), `${name} ${value}`).toThrow(
        `limit ${name}: expected an integer`,
      );
    }
  }
});
