/**
 * What the runtime tells of the certificate that a peer has shown. `mod.ts` is built on these answers: when one of them changes
 * with a new runtime, this fails and the table there has to change.
 */
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo } from "node:net";
import * as quic from "node:quic";
import * as tls from "node:tls";
import { alertOfErrorCode } from "./alert.ts";
import type { Credentials } from "./credentials.ts";
import type { NodeIdentity } from "./node_identity.ts";
import { formatPem } from "./pem.ts";
import { proveIdentity, verifyProof } from "./proof.ts";
import { admit, cluster, instanceOn } from "./testing/cluster.ts";
import { verifyIdentity } from "./verify_identity.ts";

setDefaultTimeout(120_000);

/** The stacks look at the clock themselves. */
const NOW_MS = Date.now();

let one: NodeIdentity;
let server: Credentials;
let client: Credentials;
/** An instance of another node of the same cluster, whose name the client would like to have. */
let victim: Credentials;

beforeAll(async () => {
  const made = await cluster(NOW_MS);
  one = made.one;
  server = await instanceOn(one, "market", NOW_MS);
  victim = await instanceOn(one, "treasurer", NOW_MS);
  client = await instanceOn(await admit(made.authority, "third", NOW_MS), "trader", NOW_MS);
});

/** What a client with a bad intention sends: its own certificate, the victim's, and what makes its own a valid one. */
function chainWithVictim(): string {
  const [own = "", node = ""] = client.chainPem.split(/(?<=-----END CERTIFICATE-----\n)/);
  return own + formatPem("CERTIFICATE", victim.certificate) + node;
}

/** The name of the instance that a certificate is for. */
function nameOf(certificate: X509Certificate | undefined): string | undefined {
  return certificate?.subject.replace("CN=", "");
}

describe("node:tls", () => {
  async function handshake(clientOptions: tls.ConnectionOptions): Promise<{
    readonly atServer?: X509Certificate | undefined;
    readonly atClient?: X509Certificate | undefined;
    readonly error?: string;
  }> {
    const { privateKeyPem: key, chainPem: cert, authorityPem: ca } = server;
    const listener = tls.createServer({
      key,
      cert,
      ca,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: "TLSv1.3",
    });
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    const { port } = listener.address() as AddressInfo;
    const accepted = new Promise<tls.TLSSocket | undefined>((resolve) => {
      listener.once("secureConnection", resolve);
      listener.once("tlsClientError", () => resolve(undefined));
    });
    const socket = tls.connect({ port, host: "127.0.0.1", ca, checkServerIdentity: () => undefined, ...clientOptions });
    const failed = new Promise<string>((resolve) =>
      socket.once("error", (error) => resolve((error as { code?: string }).code ?? ""))
    );
    try {
      const atServer = await accepted;
      if (atServer === undefined) return { error: await failed };
      atServer.on("error", () => {});
      return { atServer: atServer.getPeerX509Certificate(), atClient: socket.getPeerX509Certificate() };
    } finally {
      socket.destroy();
      listener.close();
    }
  }

  const withCertificate = (chain: string) => ({ key: client.privateKeyPem, cert: chain });

  test("both sides are told the peer's own certificate", async () => {
    const { atServer, atClient } = await handshake(withCertificate(client.chainPem));
    expect(verifyIdentity(atServer?.raw, one.trust, NOW_MS)).toEqual(client.identity);
    expect(verifyIdentity(atClient?.raw, one.trust, NOW_MS)).toEqual(server.identity);
  });

  test("what a client sends behind its own certificate does not make it somebody else", async () => {
    const { atServer } = await handshake(withCertificate(chainWithVictim()));
    expect(verifyIdentity(atServer?.raw, one.trust, NOW_MS)).toEqual(client.identity);
    // The chain behind it is what was sent, not what was checked.
    expect(nameOf(atServer?.issuerCertificate)).toBe("treasurer");
  });

  test("a client without a certificate is told by an alert", async () => {
    const { error } = await handshake({});
    expect(alertOfErrorCode(error ?? "")).toBe(116);
  });
});

describe("node:quic", () => {
  /** Connects, and gives what both sides are told; `proof` is what the client would send first. */
  async function handshake(clientChain: string) {
    const ca = [Buffer.from(server.authorityPem)];
    const certificateOf = (key: Credentials, chain: string) => ({
      keys: [key.privateKey],
      certs: [Buffer.from(chain)],
    });
    const accepted = Promise.withResolvers<quic.QuicSession>();
    const endpoint = await quic.listen((session) => {
      session.closed.catch(() => {});
      session.opened.then(() => accepted.resolve(session), accepted.reject);
    }, {
      sni: { "*": certificateOf(server, server.chainPem) },
      ca,
      verifyClient: true,
      alpn: ["cell"],
      endpoint: { address: "127.0.0.1:0" },
    });
    const session = await quic.connect(`127.0.0.1:${endpoint.address!.port}`, {
      ...certificateOf(client, clientChain),
      ca,
      alpn: "cell",
      servername: "cell",
      verifyPeer: "manual",
    });
    session.closed.catch(() => {});
    try {
      await session.opened;
      const atServer = await accepted.promise;
      const atClient = session.peerCertificate;
      const shown = atServer.certificate?.raw ?? new Uint8Array();
      return { atServer: atServer.peerCertificate, atClient, shown, proof: proveIdentity(client, atClient!.raw) };
    } finally {
      session.destroy();
      endpoint.destroy();
    }
  }

  test("a client is told the server's own certificate, and no other", async () => {
    const { atClient } = await handshake(client.chainPem);
    expect(verifyIdentity(atClient?.raw, one.trust, NOW_MS)).toEqual(server.identity);
    expect(atClient?.issuerCertificate).toBeUndefined();
  });

  test("a server is told the second certificate that a client sends, which proves nothing", async () => {
    const honest = await handshake(client.chainPem);
    expect(nameOf(honest.atServer)).toBe("third");
    const liar = await handshake(chainWithVictim());
    expect(nameOf(liar.atServer)).toBe("treasurer");
  });

  test("a proof tells the server who the client is, whatever its chain says", async () => {
    for (const chain of [client.chainPem, chainWithVictim()]) {
      const { shown, proof } = await handshake(chain);
      expect(verifyProof(proof, shown, one.trust, NOW_MS)).toEqual(client.identity);
    }
  });
});
