import { expect, test } from "bun:test";
import type { CatalogEntry } from "../../gossip/catalog/mod.ts";
import type { ClusterMember, NodeRecord } from "../../gossip/mod.ts";
import { catalogInstance } from "./catalog_instance.ts";

const entry = {
  service: "hello",
  instance: "hello@1",
  node: "n",
  health: "degraded",
  quicPort: 7,
  tlsPort: 0,
  load: 0,
};
const record = { name: "pi", addresses: ["192.0.2.1"], nodePort: 9, region: "eu", zone: "a" };

function seenIn(state: ClusterMember["state"]) {
  return catalogInstance(entry as CatalogEntry, { record: record as Partial<NodeRecord> as NodeRecord, state });
}

test("an instance is as well as its node says, until that node itself answers nobody", () => {
  expect(seenIn("alive")).toMatchObject({ health: "degraded", endpoints: ["quic:192.0.2.1:7", "relay:192.0.2.1:9"] });
  expect(seenIn("alive")).not.toHaveProperty("isSilent");
  expect(seenIn("suspect")).toMatchObject({ health: "degraded", isSilent: true });
});
