import { expect, test } from "bun:test";
import { INTERFACES_MAX, ownInterfaces } from "./interfaces.ts";

function info(address: string, internal = false, family: "IPv4" | "IPv6" = "IPv4") {
  return { address, internal, family, netmask: "", mac: "", cidr: null, scopeid: 0 };
}

test("addresses are those of IPv4, loopback last, each once", () => {
  const infos = {
    lo: [info("127.0.0.1", true), info("::1", true, "IPv6")],
    eth0: [info("192.0.2.7"), info("192.0.2.7")],
  };
  expect(ownInterfaces(() => infos)).toEqual(["192.0.2.7", "127.0.0.1"]);
});

test("interfaces are bounded, and loopback is among them", () => {
  const infos = {
    lo: [info("127.0.0.1", true)],
    many: Array.from({ length: 100 }, (_, last) => info(`10.0.0.${last}`)),
  };
  expect(ownInterfaces(() => infos)).toHaveLength(INTERFACES_MAX + 1);
});

test("a machine that cannot say which interfaces it has, having no file descriptors left, has none for the moment", () => {
  const fails = () => {
    throw new Error("uv_interface_addresses returned EMFILE");
  };
  expect(ownInterfaces(fails)).toEqual([]);
});
