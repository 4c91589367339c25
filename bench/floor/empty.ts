// An empty program: what a compiled executable costs before it does anything.
