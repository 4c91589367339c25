import { setDefaultTimeout } from "bun:test";
import { describeTransport } from "./conformance.ts";
import { RELAYED, TRANSPORTS } from "./test_transports.ts";

/** Much is sent, on a machine that may be busy. */
setDefaultTimeout(120_000);

for (const transport of [...TRANSPORTS, RELAYED]) describeTransport(transport);
