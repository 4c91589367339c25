import { expect, test } from "bun:test";
import { ignoreDatagramErrors } from "./mod.ts";

/**
 * A socket that hears nobody but the port for discarded datagrams: to everybody else the kernel answers as for a port that is
 * free, and nobody else is given it meanwhile.
 */
async function deaf() {
  return await Bun.udpSocket({ hostname: "127.0.0.1", connect: { hostname: "127.0.0.1", port: 9 } });
}

/** A port that nobody of this process has any more. */
async function closedPort(): Promise<number> {
  const socket = await Bun.udpSocket({ hostname: "127.0.0.1" });
  const { port } = socket;
  socket.close();
  return port;
}

/** How many of 50 sends to a living peer fail because a datagram to a dead one came before. */
async function failures(hushed: boolean): Promise<number> {
  const [dead, living] = [await deaf(), await Bun.udpSocket({ hostname: "127.0.0.1" })];
  const socket = await Bun.udpSocket({ hostname: "127.0.0.1" });
  try {
    if (hushed) expect(ignoreDatagramErrors(socket.port)).toBe(true);
    let failed = 0;
    for (let count = 0; count < 50; count++) {
      for (const { port } of [dead, living]) {
        try {
          socket.send("x", port, "127.0.0.1");
        } catch {
          failed++;
        }
      }
    }
    return failed;
  } finally {
    for (const each of [socket, living, dead]) each.close();
  }
}

test.if(process.platform === "linux")(
  "a datagram that did not arrive fails no later send once errors are ignored",
  async () => {
    expect(await failures(false)).toBeGreaterThan(0);
    expect(await failures(true)).toBe(0);
  },
);

test("a port that is no socket of this process is told", async () => {
  if (process.platform === "linux") expect(ignoreDatagramErrors(await closedPort())).toBe(false);
});

test("other sockets of the process are left as they are", async () => {
  const socket = await Bun.udpSocket({ hostname: "127.0.0.1" });
  ignoreDatagramErrors(socket.port);
  socket.close();
  if (process.platform === "linux") expect(await failures(false)).toBeGreaterThan(0);
});
