import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dialUnix, type Link, listenUnix, memoryLinks } from "../net/mod.ts";
import { describeTransport } from "./conformance.ts";

describeTransport({
  name: "memory",
  connect() {
    const [server, client] = memoryLinks();
    return Promise.resolve({ server, client, dispose: () => Promise.resolve() });
  },
});

describeTransport({
  name: "Unix socket",
  async connect() {
    const folder = mkdtempSync(join(tmpdir(), "cell-rpc-"));
    const accepted = Promise.withResolvers<Link>();
    const listener = await listenUnix(join(folder, "a.sock"), { onLink: accepted.resolve });
    const client = await dialUnix(listener.path);
    return {
      client,
      server: await accepted.promise,
      async dispose() {
        await listener.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
});
