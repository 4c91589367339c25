/**
 * What a schema document may hold. A document may come from any process that speaks the protocol, so everything that
 * costs time or memory in reading, fingerprinting or compiling it has its bound here.
 */

/** Methods of one service; indexes from 0xFFF0 on belong to reflection. */
export const METHODS_MAX = 65_000;
/** Named types of one service. */
export const DEFINITIONS_MAX = 20_000;
/** Type nodes of one document, counted where they are written. */
export const TYPE_NODES_MAX = 500_000;
/**
 * How deep types may be written inside one another without a name in between. Each takes up to three levels of the
 * document, which itself must stay within what a codec nests (128).
 */
export const TYPE_DEPTH_MAX = 40;
/** Parameters of one method. */
export const PARAMS_MAX = 255;
/** Properties of one object type, elements of one tuple type. */
export const PROPERTIES_MAX = 4096;
/** Members of one union; a generated enum can be long. */
export const UNION_MEMBERS_MAX = 16_384;
/**
 * Members of all unions of one document together, those of a union inside it counted again, and the literals that are
 * looked at in search of what tells objects apart. A short document can refer to one long union very often.
 */
export const UNION_WORK_MAX = 1_000_000;
/** Names that only stand for another name, one after the other. */
export const NAMES_IN_A_ROW_MAX = 32;
/** Length of the name of a service, type, property or parameter. */
export const NAME_LENGTH_MAX = 512;
/** Length of one description. */
export const DOC_LENGTH_MAX = 65_536;
/** Length of one string literal. */
export const LITERAL_LENGTH_MAX = 4096;
/** Length of one regular expression. */
export const PATTERN_LENGTH_MAX = 1024;
/** Service names are safe as names of files, hosts and modules. */
export const SERVICE_NAME = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Method names are what every language can call: ASCII identifiers. */
export const METHOD_NAME = /^[A-Za-z_$][A-Za-z0-9_$]{0,127}$/;
