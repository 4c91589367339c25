import { afterEach, expect, test } from "bun:test";
import { Resolver } from "./resolver.ts";
import { until } from "./testing/until.ts";
import { UdpSocket } from "./udp_socket.ts";

const open: UdpSocket[] = [];
const heard: { text: string; from: string }[] = [];

afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
  heard.length = 0;
});

async function socketAt(host: string, port = 0): Promise<UdpSocket> {
  const socket = await UdpSocket.open({
    host,
    port,
    resolver: new Resolver(() => performance.now(), () => Promise.resolve(["127.0.0.1"])),
    onDatagram: (datagram, from) => heard.push({ text: Buffer.from(datagram).toString(), from }),
  });
  open.push(socket);
  return socket;
}

const bytes = (text: string) => new TextEncoder().encode(text);

test("a socket for all addresses hears IPv4 under its plain address and sends there", async () => {
  const [all, four] = [await socketAt("::"), await socketAt("127.0.0.1")];
  expect(four.send(`127.0.0.1:${all.port}`, bytes("to all"))).toBe(true);
  await until("it came", () => heard.length === 1);
  expect(heard[0]).toEqual({ text: "to all", from: `127.0.0.1:${four.port}` });
  expect(all.send(`127.0.0.1:${four.port}`, bytes("back"))).toBe(true);
  await until("it came back", () => heard.length === 2);
  expect(heard[1]!.from).toBe(`127.0.0.1:${all.port}`);
});

test("a port at which nobody listens does not cost the next datagram to somebody else", async () => {
  const [one, other] = [await socketAt("127.0.0.1"), await socketAt("127.0.0.1")];
  const gone = await socketAt("127.0.0.1");
  const nobody = `127.0.0.1:${gone.port}`;
  gone.close();
  for (let index = 0; index < 50; index++) {
    one.send(nobody, bytes("lost"));
    expect(one.send(`127.0.0.1:${other.port}`, bytes(`${index}`))).toBe(true);
  }
  await until("all came", () => heard.length === 50);
});

test("what goes to a name waits for nothing: it is dropped until the address is known", async () => {
  const [one, other] = [await socketAt("127.0.0.1"), await socketAt("127.0.0.1")];
  expect(one.send(`other.example:${other.port}`, bytes("early"))).toBe(false);
  await until("the name is known", () => one.send(`other.example:${other.port}`, bytes("now")));
  await until("it came", () => heard.length === 1);
  expect(heard[0]!.text).toBe("now");
});

test("a family that the socket has not, and what is no address, are dropped and counted", async () => {
  const four = await socketAt("127.0.0.1");
  expect(four.send("[::1]:9", bytes("x"))).toBe(false);
  expect(four.send("nothing", bytes("x"))).toBe(false);
  four.close();
  expect(four.send(`127.0.0.1:9`, bytes("closed"))).toBe(false);
  expect(four.dropped).toBe(3);
});

test("a port that is taken is an error that names it", async () => {
  const { port } = await socketAt("127.0.0.1");
  await expect(socketAt("127.0.0.1", port)).rejects.toThrow(
    `listening for gossip at UDP 127.0.0.1:${port}: EADDRINUSE`,
  );
});

test("an address that this machine has not is an error that names it", async () => {
  await expect(socketAt("203.0.113.1")).rejects.toThrow("listening for gossip at UDP 203.0.113.1:0: EADDRNOTAVAIL");
});
