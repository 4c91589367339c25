/**
 * A process that runs already and now needs a service: finds it by name, calls it once and lets go of it.
 * `bun wake_client.ts SERVICE` with the CELL_HOME of the service; a request per line of stdin.
 */
import { connectService } from "../../lib/service/mod.ts";
import { answerRequests } from "./requests.ts";

const [name = ""] = process.argv.slice(2);

async function latenciesMicros(calls: number): Promise<Float64Array> {
  const micros = new Float64Array(calls);
  for (let index = 0; index < calls; index++) {
    const started = Bun.nanoseconds();
    const service = await connectService(name);
    const { greeting } = (await service.call("greet", [{ name: "World" }])) as { greeting: string };
    micros[index] = (Bun.nanoseconds() - started) / 1000;
    await service.close();
    if (greeting !== "Hello, World!") throw new Error(`expected "Hello, World!", found ${JSON.stringify(greeting)}`);
  }
  return micros;
}

await answerRequests({ latenciesMicros });
