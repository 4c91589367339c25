/**
 * Sends bytes and gets them back: `bun bytes_client.ts SERVICE BYTES` with the CELL_HOME of the service, which
 * is `services/bytes.ts`; a request per line of stdin.
 */
import { connectService } from "../../lib/service/mod.ts";
import { answerWithCalls } from "./closed_loop.ts";

const [name = "", byteCount = ""] = process.argv.slice(2);
const service = await connectService(name);
const bytes = Uint8Array.from({ length: Number(byteCount) }, (_, index) => (index * 31) & 255);
const args = [bytes];

/** Every so many bytes one is compared: looking at all would take longer than their journey. */
const STRIDE = 4_093;

await answerWithCalls({
  call: () => service.call("echo", args) as Promise<Uint8Array>,
  check(answer) {
    if (answer.length !== bytes.length) throw new Error(`expected ${bytes.length} bytes, found ${answer.length}`);
    for (let at = 0; at < bytes.length; at += STRIDE) {
      if (answer[at] !== bytes[at]) throw new Error(`byte ${at}: expected ${bytes[at]}, found ${answer[at]}`);
    }
  },
  transport: () => service.transport(),
});
await service.close();
