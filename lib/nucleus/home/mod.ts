/**
 * What a home directory needs before an agent can live in it: directories that are its owner's alone, and `node.toml`
 * with the node's id and settings: where it is, and how it talks to other machines.
 *
 * The file is written once and belongs to people from then on: nothing rewrites it, so comments and layout stay. What
 * cannot be understood in it is an error that names the key, never a default that nobody asked for. It is written beside
 * its place and linked there: of two that lay out the same home at the same instant one writes it, and neither reads half
 * a file.
 */
export { initHome, type InitOptions, type InitResult } from "./init_home.ts";
export { parseHostPort } from "./host_port.ts";
export { EVERY_NODE, NETWORK_KEYS, type NetworkSettings } from "./network_settings.ts";
export { type NodeSettings, readNodeFile } from "./node_file.ts";
