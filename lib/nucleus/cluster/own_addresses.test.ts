import { expect, test } from "bun:test";
import { ADDRESSES_MAX, hostAndPort, type InterfaceAddress, ownAddresses } from "./own_addresses.ts";

const four = (address: string, internal = false): InterfaceAddress => ({ address, family: "IPv4", internal });
const six = (address: string): InterfaceAddress => ({ address, family: "IPv6", internal: false });

test("what the settings say counts, whatever the machine has", () => {
  expect(ownAddresses({ host: "0.0.0.0", addresses: ["board.example"] }, () => [four("192.0.2.1")]))
    .toEqual(["board.example"]);
});

test("a node that listens at one address is reached there", () => {
  expect(ownAddresses({ host: "127.0.0.1", addresses: undefined }, () => [four("192.0.2.1")])).toEqual(["127.0.0.1"]);
});

test("else the interfaces' addresses are told, without loopback and what only means something on one link", () => {
  const interfaces = () => [four("127.0.0.1", true), six("2001:db8::1"), six("fe80::1"), four("192.0.2.1")];
  expect(ownAddresses({ host: "0.0.0.0", addresses: undefined }, interfaces)).toEqual(["192.0.2.1"]);
  expect(ownAddresses({ host: "::", addresses: undefined }, interfaces)).toEqual(["192.0.2.1", "2001:db8::1"]);
});

test("a machine without a network has loopback", () => {
  expect(ownAddresses({ host: "0.0.0.0", addresses: undefined }, () => [four("127.0.0.1", true)])).toEqual([
    "127.0.0.1",
  ]);
});

test("no more addresses are told than a record holds", () => {
  const many = Array.from({ length: 20 }, (_, index) => four(`192.0.2.${index}`));
  expect(ownAddresses({ host: "0.0.0.0", addresses: undefined }, () => many)).toHaveLength(ADDRESSES_MAX);
});

test("an IPv6 address has brackets before a port", () => {
  expect(hostAndPort("2001:db8::1", 1)).toBe("[2001:db8::1]:1");
  expect(hostAndPort("192.0.2.1", 1)).toBe("192.0.2.1:1");
});

test("a machine with many long addresses says those that fit into its record", () => {
  const long = (index: number) => `2001:db8:1111:2222:3333:4444:5555:${(0x1000 + index).toString(16)}`;
  const many = Array.from({ length: 8 }, (_, index) => ({ address: long(index), family: "IPv6", internal: false }));
  const found = ownAddresses({ host: "::", addresses: undefined }, () => many);
  expect(found).toEqual(many.slice(0, 6).map(({ address }) => address));
});
