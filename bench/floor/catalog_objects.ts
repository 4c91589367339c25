/** What 10,000 entries take as plain objects in a Map of Maps: one line of JSON. */
function heapBytes(): number {
  Bun.gc(true);
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const before = heapBytes();
const entries = new Map<string, Map<string, object>>();
for (let node = 0; node < 1000; node++) {
  const own = new Map<string, object>();
  for (let number = 0; number < 10; number++) {
    const instance = `service-${number}@${node}`;
    own.set(instance, {
      node: node.toString(16).padStart(32, "0"),
      service: `service-${number}`,
      instance,
      species: number.toString(16).padStart(16, "0"),
      release: 1,
      quicPort: 20_000 + number,
      tlsPort: 30_000 + number,
      load: number,
      health: "up",
      version: 1_800_000_000_000 + node,
    });
  }
  entries.set(String(node), own);
}
const heapMB = Math.round((heapBytes() - before) / 1e5) / 10;
console.log(JSON.stringify({ heapMB, entries: entries.size }));
