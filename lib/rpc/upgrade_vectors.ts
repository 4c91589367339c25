/**
 * What the golden vectors say about moving into shared memory. It is written down here once more, apart from the code that
 * does it (`lib/shm`), so that the two are compared.
 */

/** The secret of the vectors: the bytes 0 to 31. */
export const UPGRADE_SECRET = Uint8Array.from({ length: 32 }, (_, index) => index);

const CLIENT_NONCE = new Uint8Array(32).fill(0xc1);
const SERVER_NONCE = new Uint8Array(32).fill(0x5e);
const RING_BYTES_MAX = 1_048_576;

/** An upgrade message, and who says it when. */
interface UpgradeVector {
  name: string;
  from: "client" | "server";
  /** Absent in a doorbell. */
  value?: object;
}

/** One message of every kind, in the order of a connection; both handles of memory. */
export const UPGRADE_VECTORS: readonly UpgradeVector[] = [
  { name: "upgrade: hello", from: "client", value: { step: "hello", version: 1, nonce: CLIENT_NONCE } },
  {
    name: "upgrade: challenge",
    from: "server",
    value: {
      step: "challenge",
      nonce: SERVER_NONCE,
      proof: proof("cell shared memory 1: server"),
      ringBytesMax: RING_BYTES_MAX,
    },
  },
  {
    name: "upgrade: refuse",
    from: "server",
    value: { step: "refuse", reason: "shared memory is for processes of one user" },
  },
  { name: "upgrade: offer of a descriptor", from: "client", value: offer({ fd: 17 }) },
  { name: "upgrade: offer of a name", from: "client", value: offer({ name: "/cell-R3xvaDJzT0K5cGhbW1_a-Q" }) },
  { name: "upgrade: accept", from: "server", value: { step: "accept" } },
  { name: "upgrade: switch", from: "client", value: { step: "switch" } },
  { name: "upgrade: doorbell", from: "server" },
];

function offer(memory: object): object {
  return { step: "offer", proof: proof("cell shared memory 1: client"), memory, ringBytesMax: RING_BYTES_MAX };
}

function proof(label: string): Uint8Array {
  const hasher = new Bun.CryptoHasher("sha256", UPGRADE_SECRET);
  return new Uint8Array(hasher.update(label).update(CLIENT_NONCE).update(SERVER_NONCE).digest());
}
