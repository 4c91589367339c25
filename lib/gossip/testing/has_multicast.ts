import { MulticastReceiver, MulticastSender, validateMulticast } from "../discovery/mod.ts";
import { until } from "./until.ts";

/** Where tests speak: loopback only, on a port that no other test uses at the same time. */
export const TEST_MULTICAST = { port: 30_000 + process.pid % 10_000, interfaces: ["127.0.0.1"] };

/** Whether multicast on the loopback interface works here: containers and firewalls may forbid it. */
export async function hasMulticast(): Promise<boolean> {
  const options = validateMulticast({ ...TEST_MULTICAST, port: TEST_MULTICAST.port + 10_000 });
  let hasCome = false;
  try {
    const receiver = await MulticastReceiver.open(options, () => hasCome = true);
    const sender = await MulticastSender.open(options, () => {});
    try {
      sender.send(new Uint8Array([1]));
      await until("it came", () => hasCome, 5000);
      return true;
    } finally {
      receiver.close();
      sender.close();
    }
  } catch (error) {
    console.warn(`multicast on loopback does not work here (${(error as Error).message}): its tests are skipped`);
    return false;
  }
}
