// Moleculer as the reference of the process cases, in the three parts that they need:
//   node moleculer.mjs first-call                        a broker, a service, one local call, one line
//   node moleculer.mjs alone                             a node over the TCP transporter that knows no other
//   node moleculer.mjs server SERVER_PORT CLIENT_PORT    a node that serves "hello" over the TCP transporter
//   node moleculer.mjs client SERVER_PORT CLIENT_PORT    a node that calls it; a request per line of stdin
import { createInterface } from "node:readline";
import { ServiceBroker } from "moleculer";

const [role, serverPort, clientPort] = process.argv.slice(2);

const hello = {
  name: "hello",
  actions: {
    // The schema makes Moleculer validate the arguments, as ours does.
    greet: { params: { name: "string" }, handler: (context) => ({ greeting: `Hello, ${context.params.name}!` }) },
  },
};

const expected = "Hello, World!";

function createBroker(nodeID, options) {
  const transporter = { type: "TCP", options: { udpDiscovery: false, ...options } };
  return new ServiceBroker({ nodeID, logger: false, ...(options === undefined ? {} : { transporter }) });
}

function pair(port) {
  const urls = [`127.0.0.1:${serverPort}/server`, `127.0.0.1:${clientPort}/client`];
  return { port: Number(port), urls };
}

function answer(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

async function call(broker) {
  const { greeting } = await broker.call("hello.greet", { name: "World" });
  if (greeting !== expected) throw new Error(`expected ${expected}, got ${greeting}`);
}

async function callsPerSecond(broker, inFlight, durationMs) {
  let calls = 0;
  const started = performance.now();
  const end = started + durationMs;
  const worker = async () => {
    while (performance.now() < end) {
      await call(broker);
      calls++;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return (calls * 1000) / (performance.now() - started);
}

if (role === "first-call") {
  const broker = createBroker("server");
  broker.createService(hello);
  await broker.start();
  await call(broker);
  answer({ answered: true });
  await broker.stop();
} else if (role === "alone") {
  const broker = createBroker("server", {});
  broker.createService(hello);
  await broker.start();
  await call(broker);
  answer({ ready: true });
} else if (role === "server") {
  const broker = createBroker("server", pair(serverPort));
  broker.createService(hello);
  await broker.start();
  await call(broker);
  answer({ ready: true });
} else if (role === "client") {
  const broker = createBroker("client", pair(clientPort));
  await broker.start();
  await broker.waitForServices("hello");
  await call(broker);
  answer({ ready: true });
  for await (const line of createInterface({ input: process.stdin })) {
    const { inFlight, durationMs } = JSON.parse(line);
    answer({ callsPerSecond: await callsPerSecond(broker, inFlight, durationMs) });
  }
  await broker.stop();
} else {
  throw new Error(`unknown role ${role}`);
}
