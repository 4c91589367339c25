import { expect } from "bun:test";
import type { RemoteService } from "../../../lib/service/mod.ts";
import { createSharedMemory, type SharedMemory } from "../../../lib/sys/mod.ts";
import { type Running, until } from "../../harness/mod.ts";
import { privateBytesOf } from "../../nucleus/harness/mod.ts";
import { untilAtRest } from "./at_rest.ts";
import { HostileClient } from "./hostile_client.ts";
import { descriptorsOf, sharedDescriptorsOf, sharedMappingsOf } from "./process_memory.ts";
import { segmentBytes } from "./scribble.ts";
import { ShmMachine } from "./shm_machine.ts";

/** Connections of the client that has to be answered whatever others do. */
const WITNESSES = 2;
const GROWTH_BYTES_MAX = 96 * 2 ** 20;

/** A server, a client of it that is attacked with it, and another one that must not notice. */
export class AttackedServer {
  readonly machine = new ShmMachine("shm");
  target!: Running;
  caller!: Running;
  control!: RemoteService;
  witness!: RemoteService;
  #targetControl!: RemoteService;
  #descriptorsBefore = 0;
  #bytesBefore = 0;

  static async start(): Promise<AttackedServer> {
    const server = new AttackedServer();
    const { machine } = server;
    server.target = await machine.run("target", "target");
    server.caller = await machine.run("caller", "caller");
    await machine.run("caller", "witness");
    server.#targetControl = await machine.control("target");
    server.control = await machine.control("caller");
    server.witness = await machine.control("witness");
    await server.witness.call("open", ["target", WITNESSES]);
    await server.witness.call("callEach", [200]);
    await server.control.call("open", ["target", 1]);
    await server.control.call("callEach", [200]);
    await server.control.call("closeAll", []);
    await server.#untilOnlyWitness();
    server.#descriptorsBefore = descriptorsOf(server.target.pid).length;
    server.#bytesBefore = privateBytesOf(server.target.pid);
    return server;
  }

  /** A new client. */
  attack(): Promise<HostileClient> {
    return HostileClient.connect(this.machine.home, "target");
  }

  /** A new client whose connection has moved, as an honest one has. */
  async moved(): Promise<{ client: HostileClient; memory: SharedMemory }> {
    const client = await this.attack();
    client.hello();
    const challenge = await client.challenge();
    const { ringBytesMax } = challenge;
    const memory = createSharedMemory(segmentBytes(ringBytesMax));
    memory.allocate(0, segmentBytes(ringBytesMax));
    client.say({ step: "offer", proof: client.proof(challenge), memory: memory.handle, ringBytesMax });
    expect(await client.answer()).toBe("accept");
    client.say({ step: "switch" });
    return { client, memory };
  }

  /** After every attack: the same process answers at once, holds nothing of the attacker, and comes to rest. */
  async expectUnharmed(): Promise<void> {
    const { pid } = this.target;
    expect(await this.witness.call("callEach", [20])).toBe(20 * WITNESSES);
    await this.#untilOnlyWitness();
    await until(
      () => descriptorsOf(pid).length <= this.#descriptorsBefore,
      "the server's descriptors to be given back",
    );
    await untilAtRest(pid);
    expect(privateBytesOf(pid) - this.#bytesBefore).toBeLessThan(GROWTH_BYTES_MAX);
  }

  /** Waits until the server has the memory of the witness's connections alone. */
  async #untilOnlyWitness(): Promise<void> {
    const { pid } = this.target;
    await until(async () => {
      await this.#targetControl.call("collect", []);
      return sharedDescriptorsOf(pid).length === WITNESSES && sharedMappingsOf(pid) === WITNESSES;
    }, "the memory of all others to be given back");
  }
}
