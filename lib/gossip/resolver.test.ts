import { expect, test } from "bun:test";
import { LOOKUPS_MAX, NAMES_MAX, Resolver } from "./resolver.ts";

/** A DNS whose answers come when the test says so. */
class FakeDns {
  readonly asked: string[] = [];
  addresses: readonly string[] | undefined = ["192.0.2.7"];

  readonly ask = (name: string): Promise<readonly string[]> => {
    this.asked.push(name);
    return this.addresses === undefined ? Promise.reject(new Error("ENOTFOUND")) : Promise.resolve(this.addresses);
  };
}

test("an IP address is its own, without a question", async () => {
  const dns = new FakeDns();
  const resolver = new Resolver(() => 0, dns.ask);
  expect(resolver.now("192.0.2.1")).toBe("192.0.2.1");
  expect(await resolver.fresh("::1")).toEqual(["::1"]);
  expect(dns.asked).toEqual([]);
});

test("a name has no address at first, then the last answer, which is asked for again after a minute", async () => {
  const dns = new FakeDns();
  let nowMs = 0;
  const resolver = new Resolver(() => nowMs, dns.ask);
  expect(resolver.now("a.example")).toBeUndefined();
  await resolver.fresh("a.example");
  expect(resolver.now("a.example")).toBe("192.0.2.7");
  expect(dns.asked).toHaveLength(1);
  [nowMs, dns.addresses] = [60_000, ["192.0.2.8"]];
  expect(resolver.now("a.example"), "meanwhile the old one").toBe("192.0.2.7");
  await resolver.fresh("a.example");
  expect(resolver.now("a.example")).toBe("192.0.2.8");
  expect(dns.asked).toHaveLength(2);
});

test("a DNS that fails leaves the last answer, and is not asked for ten seconds", async () => {
  const dns = new FakeDns();
  let nowMs = 0;
  const resolver = new Resolver(() => nowMs, dns.ask);
  await resolver.fresh("a.example");
  [nowMs, dns.addresses] = [60_000, undefined];
  expect(await resolver.fresh("a.example")).toEqual([]);
  expect(resolver.now("a.example")).toBe("192.0.2.7");
  expect(dns.asked).toHaveLength(2);
});

test("questions under way and names remembered are bounded", async () => {
  const waiting = Promise.withResolvers<readonly string[]>();
  const asked: string[] = [];
  const slow = new Resolver(() => 0, (name) => {
    asked.push(name);
    return waiting.promise;
  });
  for (let index = 0; index < 2 * LOOKUPS_MAX; index++) slow.now(`${index}.example`);
  expect(asked).toHaveLength(LOOKUPS_MAX);
  waiting.resolve([]);
  const resolver = new Resolver(() => 0, new FakeDns().ask);
  for (let index = 0; index <= NAMES_MAX; index++) await resolver.fresh(`${index}.example`);
  expect([resolver.now("0.example"), resolver.now("1.example")]).toEqual([undefined, "192.0.2.7"]);
});
