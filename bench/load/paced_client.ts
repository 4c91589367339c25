/**
 * Calls `greet` of a service at a fixed rate, as an importer does that was compiled against the service as it is now:
 * `bun paced_client.ts SERVICE` with the CELL_HOME of the service; a request per line of stdin.
 */
import { connectService } from "../../lib/service/mod.ts";
import { answerPacedRequests } from "./paced.ts";

const [name = ""] = process.argv.slice(2);
const first = await connectService(name);
const schema = await first.schema();
await first.close();

const service = await connectService(name, { schema });
const args = [{ name: "World" }] as const;
const expected = "Hello, World!";

async function call(): Promise<void> {
  const { greeting } = (await service.call("greet", args)) as { greeting: string };
  if (greeting !== expected) throw new Error(`expected "${expected}", found ${JSON.stringify(greeting)}`);
}

await call();
await answerPacedRequests(call);
await service.close();
