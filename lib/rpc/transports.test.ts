import { describeTransport } from "./conformance.ts";
import { RELAYED, TRANSPORTS } from "./test_transports.ts";

for (const transport of [...TRANSPORTS, RELAYED]) describeTransport(transport);
