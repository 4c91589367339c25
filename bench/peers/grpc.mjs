// grpc-js over a Unix socket as the reference of the call cases:
//   node grpc.mjs server SOCKET          serves hello.proto
//   node grpc.mjs client SOCKET MODULE   calls it; a request per line of stdin; MODULE is load/closed_loop.ts, bundled
import { fileURLToPath } from "node:url";
import grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const [role, socket, module] = process.argv.slice(2);
const { Hello } = grpc.loadPackageDefinition(loadSync(fileURLToPath(new URL("hello.proto", import.meta.url))));
const address = `unix://${socket}`;

if (role === "server") {
  const server = new grpc.Server();
  server.addService(Hello.service, {
    Greet: ({ request }, answer) => answer(null, { greeting: `Hello, ${request.name}!` }),
  });
  server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error) => {
    if (error !== null) throw error;
    process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
  });
} else if (role === "client") {
  const { answerWithCalls } = await import(module);
  const client = new Hello(address, grpc.credentials.createInsecure());
  await answerWithCalls({
    call: () =>
      new Promise((resolve, reject) => {
        client.Greet({ name: "World" }, (error, response) => (error === null ? resolve(response) : reject(error)));
      }),
    check({ greeting }) {
      if (greeting !== "Hello, World!") throw new Error(`expected Hello, World!, got ${greeting}`);
    },
  });
  client.close();
} else {
  throw new Error(`unknown role ${role}`);
}
