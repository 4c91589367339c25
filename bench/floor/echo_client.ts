/**
 * The least that a Unix-socket client in Bun can do: sends `requestBytes`, waits for `responseBytes`, again and again.
 * `bun echo_client.ts SOCKET REQUEST_BYTES RESPONSE_BYTES`; a request per line of stdin.
 */
import { answerRequests } from "../load/requests.ts";

const [path = "", requestBytes = "", responseBytes = ""] = process.argv.slice(2);
const request = new Uint8Array(Number(requestBytes));
const needed = Number(responseBytes);

let received = 0;
let onResponse = (): void => {};
const socket = await Bun.connect({
  unix: path,
  socket: {
    data(_socket, chunk) {
      received += chunk.length;
      if (received < needed) return;
      received -= needed;
      onResponse();
    },
  },
});

/** Callbacks, not promises: this is the floor. */
function latenciesMicros(calls: number): Promise<Float64Array> {
  const { promise, resolve } = Promise.withResolvers<Float64Array>();
  const micros = new Float64Array(calls);
  let call = 0;
  let started = 0;
  onResponse = () => {
    micros[call++] = (Bun.nanoseconds() - started) / 1000;
    if (call === calls) resolve(micros);
    else send();
  };
  const send = (): void => {
    started = Bun.nanoseconds();
    socket.write(request);
  };
  send();
  return promise;
}

await answerRequests({ latenciesMicros });
socket.end();
