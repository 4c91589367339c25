/**
 * What the tests of this room share: a home of its own for each test, services that are served by the test itself, instances
 * that are processes to be killed, and a compiled program that runs files as `cell run` does, without the command line around it.
 */
export { type InstanceProcess, InstanceProcesses } from "./instance_process.ts";
export { TestHome } from "./test_home.ts";
export { type Child, type Finished, TestProgram } from "./test_program.ts";
export { schemaOf, serveHandlers, serveInstance, type TestMethods } from "./serve_handlers.ts";
