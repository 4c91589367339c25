import { expect, test } from "bun:test";
import { formatContact, parseContact } from "./contact.ts";
import { formatAddress, isHost, parseAddress, plainHost } from "./socket_address.ts";

for (const text of ["192.0.2.7:9044", "[2001:db8::7]:1", "node.example:65535", "my_host:80"]) {
  test(`${text} is an address, and written as it was`, () => {
    const address = parseAddress(text);
    expect(address && formatAddress(address)).toBe(text);
  });
}

for (
  const text of [
    "",
    ":",
    "x:",
    ":1",
    "x:0",
    "x:65536",
    "x:01",
    "x:1x",
    "2001:db8::7:1",
    "[x]:1",
    "[::1:1",
    "a b:1",
    "1.2.3:1",
    "-x:1",
  ]
) {
  test(`${JSON.stringify(text)} is no address`, () => expect(parseAddress(text)).toBeUndefined());
}

test("an IPv4 peer of a socket for both families has an IPv4 address", () => {
  expect([plainHost("::ffff:192.0.2.7"), plainHost("::1"), plainHost("192.0.2.7")]).toEqual([
    "192.0.2.7",
    "::1",
    "192.0.2.7",
  ]);
});

test("a host is a name or one machine's address", () => {
  for (const host of ["127.0.0.1", "192.0.2.7", "2001:db8::7", "fe80::1", "a", "node-1.example"]) {
    expect(isHost(host), host).toBe(true);
  }
  const none = [
    "0.0.0.0",
    "224.0.0.1",
    "239.1.1.1",
    "255.255.255.255",
    "::",
    "ff02::1",
    "::ffff:1.2.3.4",
    "",
    "a b",
    "1.2.3",
    "x/y",
  ];
  for (const host of none) expect(isHost(host), host).toBe(false);
});

test("a contact is a gossip address, with a node port where that is known", () => {
  expect(parseContact("a.example:9044")).toEqual({ gossip: { host: "a.example", port: 9044 }, nodePort: undefined });
  expect(formatContact(parseContact("[::1]:9044/9043")!)).toBe("[::1]:9044/9043");
  for (const text of ["a:1/", "a:1/0", "a:1/65536", "a:1/2/3", "a/1", "/1"]) {
    expect(parseContact(text), text).toBeUndefined();
  }
});
