import { expect, test } from "bun:test";
import { parseRoute, REMEMBERED_MS, REMEMBERED_NODES_MAX, RememberedRoutes, type Route, routesOf } from "./route.ts";

const QUIC: Route = { transport: "quic", host: "192.0.2.7", port: 41641 };
const TLS: Route = { transport: "tls", host: "192.0.2.7", port: 41642 };
const RELAY: Route = { transport: "relay", host: "192.0.2.7", port: 9043 };

test.each<[string, Route | undefined]>([
  ["quic:192.0.2.7:41641", QUIC],
  ["tls:[2001:db8::1]:1", { transport: "tls", host: "2001:db8::1", port: 1 }],
  ["relay:board.local:65535", { transport: "relay", host: "board.local", port: 65535 }],
  ["quic:192.0.2.7:0", undefined],
  ["quic:192.0.2.7:65536", undefined],
  ["quic:192.0.2.7", undefined],
  ["quic::1", undefined],
  ["quic:2001:db8::1:1", undefined],
  ["uds:/run/hello.sock", undefined],
  ["quic:a b:1", undefined],
  ["quic:[x]:1", undefined],
  [`quic:${"a".repeat(254)}:1`, undefined],
  ["QUIC:192.0.2.7:1", undefined],
  ["quic:192.0.2.7:1\n", undefined],
  ["", undefined],
])("%j is read or left alone", (text, route) => {
  expect(parseRoute(text)).toEqual(route!);
});

test("a choice takes the ways that it allows, in their order", () => {
  const endpoints = ["quic:192.0.2.7:41641", "nonsense", "tls:192.0.2.7:41642", "relay:192.0.2.7:9043"];
  expect(routesOf(endpoints, "auto")).toEqual([QUIC, TLS, RELAY]);
  expect(routesOf(endpoints, "quic")).toEqual([QUIC]);
  expect(routesOf(endpoints, "tls")).toEqual([TLS, RELAY]);
});

test("what worked for a node is tried first for a while, and says nothing of other nodes", () => {
  let now = 0;
  const remembered = new RememberedRoutes(() => now);
  const all = [QUIC, TLS, RELAY];
  expect(remembered.inOrder("one", all)).toEqual(all);
  remembered.note("one", TLS);
  expect(remembered.inOrder("one", all)).toEqual([TLS, QUIC, RELAY]);
  expect(remembered.inOrder("other", all)).toEqual(all);
  now = REMEMBERED_MS - 1;
  expect(remembered.inOrder("one", all)).toEqual([TLS, QUIC, RELAY]);
  now = REMEMBERED_MS;
  expect(remembered.inOrder("one", all)).toEqual(all);
});

test("what is remembered is bounded", () => {
  const remembered = new RememberedRoutes(() => 0);
  for (let n = 0; n <= REMEMBERED_NODES_MAX; n++) remembered.note(`node ${n}`, RELAY);
  expect(remembered.inOrder("node 0", [QUIC, RELAY])).toEqual([QUIC, RELAY]);
  expect(remembered.inOrder(`node ${REMEMBERED_NODES_MAX}`, [QUIC, RELAY])).toEqual([RELAY, QUIC]);
});
