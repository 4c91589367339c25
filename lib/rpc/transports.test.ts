import { describeTransport } from "./conformance.ts";
import { TRANSPORTS } from "./test_transports.ts";

for (const transport of TRANSPORTS) describeTransport(transport);
