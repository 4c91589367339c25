/**
 * A client as a service has it: connects by name and calls `greet`. `bun cell_client.ts SERVICE` with the
 * CELL_HOME of the service; a request per line of stdin.
 */
import { connectService } from "../../lib/service/mod.ts";
import { answerWithCalls } from "./closed_loop.ts";

const [name = ""] = process.argv.slice(2);
const service = await connectService(name);
const args = [{ name: "World" }] as const;
const expected = "Hello, World!";

await answerWithCalls({
  call: () => service.call("greet", args) as Promise<{ greeting: string }>,
  check({ greeting }) {
    if (greeting !== expected) throw new Error(`expected "${expected}", found ${JSON.stringify(greeting)}`);
  },
  transport: () => service.transport(),
});
await service.close();
