// Moleculer as the reference of the process cases, in the parts that they need:
//   node moleculer.mjs first-call                        a broker, a service, one local call, one line
//   node moleculer.mjs alone                             a node over the TCP transporter that knows no other
//   node moleculer.mjs server INDEX PORT...              a node that serves "hello" over the TCP transporter
//   node moleculer.mjs tracking-server INDEX PORT...     the same; when it is stopped its calls may finish
//   node moleculer.mjs client MODULE PORT...             a node that calls it; a request per line of stdin; MODULE is
//                                                        load/closed_loop.ts, bundled
//   node moleculer.mjs paced-client RETRY MODULE PORT... the same at a fixed rate; MODULE is load/paced.ts, bundled;
//                                                        RETRY says which calls are made again, see below
// The ports are those of all nodes: of the servers, by their index, and the last one of the client.
import { ServiceBroker } from "moleculer";

const [role, ...rest] = process.argv.slice(2);

const hello = {
  name: "hello",
  actions: {
    // The schema makes Moleculer validate the arguments, as ours does.
    greet: { params: { name: "string" }, handler: (context) => ({ greeting: `Hello, ${context.params.name}!` }) },
    greetSoon: {
      params: { name: "string" },
      async handler(context) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        return { greeting: `Hello, ${context.params.name}!` };
      },
    },
  },
};

const expected = "Hello, World!";

function createBroker(nodeID, tcp, options = {}) {
  const transporter = { type: "TCP", options: { udpDiscovery: false, ...tcp } };
  return new ServiceBroker({ nodeID, logger: false, ...(tcp === undefined ? {} : { transporter }), ...options });
}

// Who listens where, seen by the node with this index.
function cluster(ports, index) {
  const nameOf = (at) => (at === ports.length - 1 ? "client" : `server${at}`);
  // Gossip every second is the most that it does: nodes find each other sooner.
  const tcp = {
    gossipPeriod: 1,
    port: Number(ports[index]),
    urls: ports.map((port, at) => `127.0.0.1:${port}/${nameOf(at)}`),
  };
  return [nameOf(index), tcp];
}

// What Moleculer has against calls that fail when a node goes, both off by default: a node that stops lets its calls
// finish, and calls that failed are made again: those that no node took, or all.
const tracking = { enabled: true };
const retried = {
  "not-taken": (error) => error !== null && error.name === "ServiceNotAvailableError",
  all: (error) => error !== null && error.retryable === true,
};

function answer(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

async function call(broker, action = "hello.greet") {
  check(await broker.call(action, { name: "World" }));
}

function check({ greeting }) {
  if (greeting !== expected) throw new Error(`expected ${expected}, got ${greeting}`);
}

async function startClient(ports, options) {
  const broker = createBroker(...cluster(ports, ports.length - 1), options);
  await broker.start();
  await broker.waitForServices("hello");
  await call(broker);
  return broker;
}

async function everyServerKnown(broker, count) {
  const known = () => broker.registry.actions.get("hello.greetSoon").count();
  while (known() < count) await new Promise((resolve) => setTimeout(resolve, 10));
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
} else if (role === "server" || role === "tracking-server") {
  const [index, ...ports] = rest;
  const broker = createBroker(...cluster(ports, Number(index)), role === "server" ? {} : { tracking });
  broker.createService(hello);
  await broker.start();
  await call(broker);
  answer({ ready: true });
} else if (role === "client") {
  const [module, ...ports] = rest;
  const { answerWithCalls } = await import(module);
  const broker = await startClient(ports);
  await answerWithCalls({ call: () => broker.call("hello.greet", { name: "World" }), check });
  await broker.stop();
} else if (role === "paced-client") {
  const [retry, module, ...ports] = rest;
  const { answerPacedRequests } = await import(module);
  const broker = await startClient(ports, { retryPolicy: { enabled: true, retries: 5, check: retried[retry] } });
  await answerPacedRequests(() => call(broker, "hello.greetSoon"), () => everyServerKnown(broker, ports.length - 1));
  await broker.stop();
} else {
  throw new Error(`unknown role ${role}`);
}
