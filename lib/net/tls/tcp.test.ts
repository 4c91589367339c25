import { expect, test } from "bun:test";
import { formatAddress, plainAddress, portsOf } from "./tcp.ts";

test("addresses are written as people write them", () => {
  expect(plainAddress("::ffff:192.0.2.7")).toBe("192.0.2.7");
  expect(plainAddress("::FFFF:192.0.2.7")).toBe("192.0.2.7");
  for (const address of ["192.0.2.7", "2001:db8::7", "::1", "::ffff:0:1"]) expect(plainAddress(address)).toBe(address);
  expect(formatAddress("192.0.2.7", 9043)).toBe("192.0.2.7:9043");
  expect(formatAddress("2001:db8::7", 9043)).toBe("[2001:db8::7]:9043");
  expect(formatAddress("example.org", 9043)).toBe("example.org:9043");
});

test("ports are one or a range, in order, and nothing else is one", () => {
  expect(portsOf(0)).toEqual([0]);
  expect(portsOf(65_535)).toEqual([65_535]);
  expect(portsOf({ from: 9043, to: 9045 })).toEqual([9043, 9044, 9045]);
  expect(portsOf({ from: 9043, to: 9043 })).toEqual([9043]);
  for (const port of [-1, 65_536, 1.5, NaN, { from: 0, to: 5 }, { from: 9, to: 8 }, { from: 65_535, to: 65_536 }]) {
    expect(() => portsOf(port), JSON.stringify(port)).toThrow("choosing a port: expected 0 to 65535");
  }
});
