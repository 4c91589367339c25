import { KIB, MIB } from "../base/mod.ts";

/** All files of one package together: code and what it imports as files. */
export const PACKAGE_BYTES_MAX = 256 * MIB;
/** Files of one package. */
export const PACKAGE_FILES_MAX = 4096;
/** `manifest.json`, which holds the schemas of the services that are called. */
export const MANIFEST_BYTES_MAX = 64 * MIB;
/** `cell.toml` holds a few lines; parsing more costs time for nothing. */
export const CONFIG_BYTES_MAX = 64 * KIB;

/** Variables in one service's environment. */
export const VARIABLES_MAX = 1024;
/** One NAME=VALUE with its end: Linux starts no program with a longer one (MAX_ARG_STRLEN). */
export const VARIABLE_BYTES_MAX = 128 * KIB - 1;
/** All of them together: what Linux starts a program with is a quarter of its stack's limit, 2 MiB by default. */
export const ENVIRONMENT_BYTES_MAX = 1 * MIB;
