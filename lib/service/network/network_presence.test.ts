import { expect, setDefaultTimeout, test } from "bun:test";
import { until } from "../../../test/harness/until.ts";
import { HeldTimers } from "../../rpc/held_timers.ts";
import { LOOK_FIRST_MS, LOOK_MS, NetworkPresence } from "./network_presence.ts";
import type { FakeAgent } from "./testing/fake_agent.ts";
import { FakeCluster } from "./testing/fake_cluster.ts";

setDefaultTimeout(120_000);

const OFFER = {
  service: "hello",
  instance: "hello@1",
  species: "0123456789abcdef",
  release: 1,
  isRestricted: false,
};

function presenceOn(agent: FakeAgent): { presence: NetworkPresence; refused: string[] } {
  const refused: string[] = [];
  const onRefused = ({ message }: Error) => void refused.push(message);
  return { presence: new NetworkPresence({ agent, offer: OFFER, onLink: () => {}, onRefused }), refused };
}

async function agentOfOne(): Promise<FakeAgent> {
  return await (await FakeCluster.create()).node("one");
}

test.each(["absent", "offline"] as const)("nothing is begun and nobody asked while the agent is %s", async (state) => {
  const agent = await agentOfOne();
  agent.current = state;
  const { presence, refused } = presenceOn(agent);
  await presence.close();
  expect([agent.asked, presence.ports, refused]).toEqual([[], undefined, []]);
});

test("an instance that is started with its agent is there soon after the network is", async () => {
  const agent = await agentOfOne();
  agent.current = "starting";
  using timers = new HeldTimers(LOOK_FIRST_MS, LOOK_MS);
  const { presence } = presenceOn(agent);
  expect([timers.count(LOOK_FIRST_MS), timers.count(LOOK_MS)]).toEqual([1, 0]);
  agent.current = "online";
  timers.fire(LOOK_FIRST_MS);
  await until(() => presence.ports !== undefined, "it to listen");
  await presence.close();
});

test("an instance goes on listening at its ports while its agent starts again", async () => {
  const agent = await agentOfOne();
  const { presence } = presenceOn(agent);
  await until(() => agent.catalog.of("hello").length === 1, "the instance to be known");
  const before = { ...agent.catalog.of("hello")[0]! };
  agent.die();
  agent.current = "starting";
  await until(() => agent.catalog.of("hello").length === 0, "the entry to go with the agent");
  let looks = 0;
  agent.state = () => {
    looks++;
    return agent.current;
  };
  await until(() => looks > 3, "the instance to look for its agent");
  expect(presence.ports).toBeDefined();
  agent.current = "online";
  await until(() => agent.catalog.of("hello").length === 1, "the instance to be known again");
  expect(agent.catalog.of("hello")[0]).toEqual(before);
  await presence.close();
});

test("an instance takes ports of the range that it is given", async () => {
  const agent = await agentOfOne();
  const [portFirst, portLast] = [anyPort(), anyPort()].sort((a, b) => a - b) as [number, number];
  agent.place = { host: "127.0.0.1", portFirst, portLast };
  const { presence } = presenceOn(agent);
  await until(() => agent.catalog.of("hello").length === 1, "the instance to be known");
  expect(presence.ports?.quicPort).toBeWithin(portFirst, portLast + 1);
  expect(presence.ports?.tlsPort).toBeWithin(portFirst, portLast + 1);
  await presence.close();
  await until(() => agent.streams.size === 0, "the streams to be given back");
  expect([presence.ports, agent.catalog.of("hello")]).toEqual([undefined, []]);
});

/** One of those that no system gives out by itself: nobody takes it who has not asked for it. */
function anyPort(): number {
  return 20_000 + Math.floor(Math.random() * 10_000);
}

/** Both sockets of one number: what is free for TCP may be taken for UDP. */
async function takenPort() {
  for (;;) {
    const port = anyPort();
    const udp = await Bun.udpSocket({ hostname: "127.0.0.1", port }).catch(() => undefined);
    if (udp === undefined) continue;
    try {
      return { port, udp, tcp: Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } }) };
    } catch {
      udp.close();
    }
  }
}

test("an instance that finds no free port says so once, and listens when there is one", async () => {
  const agent = await agentOfOne();
  const { port, tcp, udp } = await takenPort();
  agent.place = { host: "127.0.0.1", portFirst: port, portLast: port };
  const { presence, refused } = presenceOn(agent);
  await until(() => refused.length > 0, "the complaint");
  expect(refused).toEqual([expect.stringContaining(String(port))]);
  expect(agent.asked).not.toContain("advertise hello@1");
  tcp.stop(true);
  udp.close();
  await until(() => presence.ports !== undefined, "it to listen");
  expect(refused.length).toBe(1);
  await presence.close();
});

test("where only one of both transports can listen the other one is offered", async () => {
  const agent = await agentOfOne();
  const { port, tcp, udp } = await takenPort();
  udp.close();
  agent.place = { host: "127.0.0.1", portFirst: port, portLast: port };
  const { presence, refused } = presenceOn(agent);
  await until(() => presence.ports !== undefined, "it to listen");
  expect([presence.ports?.quicPort, presence.ports?.tlsPort, refused.length]).toEqual([port, 0, 1]);
  expect(agent.catalog.of("hello")[0]?.endpoints).toEqual([`quic:127.0.0.1:${port}`]);
  await presence.close();
  tcp.stop(true);
});

test("a presence that is closed before it has begun leaves nothing behind", async () => {
  const agent = await agentOfOne();
  const { presence } = presenceOn(agent);
  await presence.close();
  await until(() => agent.streams.size === 0, "the streams to be given back");
  expect([presence.ports, agent.catalog.of("hello")]).toEqual([undefined, []]);
});
