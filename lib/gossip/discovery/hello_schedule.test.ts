import { expect, test } from "bun:test";
import { HELLO_ALONE_MS, HELLO_MS, helloDelayMs } from "./hello_schedule.ts";
import { DEFAULT_MULTICAST, validateMulticast } from "./multicast_options.ts";

test("hellos come with growing gaps, then every half minute while alone and every five minutes else", () => {
  const gaps = (isAlone: boolean) => [1, 2, 3, 4, 5, 6, 1000].map((sent) => helloDelayMs(sent, isAlone, 0.5));
  expect(gaps(true)).toEqual([1000, 2000, 4000, 8000, 16_000, HELLO_ALONE_MS, HELLO_ALONE_MS]);
  expect(gaps(false).slice(-2)).toEqual([HELLO_MS, HELLO_MS]);
});

test("chance moves a hello by a tenth of its gap at most", () => {
  expect([helloDelayMs(1, true, 0), helloDelayMs(1, true, 1)].map(Math.round)).toEqual([900, 1100]);
});

test("options out of their bounds are refused by name", () => {
  expect(validateMulticast()).toEqual(DEFAULT_MULTICAST);
  expect(() => validateMulticast({ group: "192.0.2.7" })).toThrow("option group: expected an IPv4 multicast group");
  expect(() => validateMulticast({ port: 0 })).toThrow("option port: expected a port, found 0");
  expect(() => validateMulticast({ interfaces: ["eth0"] })).toThrow(
    'option interfaces: expected IPv4 addresses of this machine, found "eth0"',
  );
});
