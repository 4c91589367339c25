import type { OwnEntry } from "../catalog/mod.ts";

/** An instance that a node of a test runs. */
export const HELLO_ENTRY: OwnEntry = {
  service: "hello",
  instance: "hello@1",
  species: "0123456789abcdef",
  release: 7,
  quicPort: 20_001,
  tlsPort: 20_001,
  load: 0,
  health: "up",
  access: false,
};
