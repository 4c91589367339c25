/**
 * The least that a Unix-socket server in Bun can do: after every `requestBytes` it answers with `responseBytes`.
 * `bun echo_server.ts SOCKET REQUEST_BYTES RESPONSE_BYTES`
 */
const [path = "", requestBytes = "", responseBytes = ""] = process.argv.slice(2);
const needed = Number(requestBytes);
const response = new Uint8Array(Number(responseBytes));

Bun.listen<{ received: number }>({
  unix: path,
  socket: {
    open(socket) {
      socket.data = { received: 0 };
    },
    data(socket, chunk) {
      socket.data.received += chunk.length;
      for (; socket.data.received >= needed; socket.data.received -= needed) socket.write(response);
    },
  },
});
console.log(JSON.stringify({ ready: true }));
