/*
 * golden.h - compares output with a reviewed file in golden/, after the parts
 * that differ from run to run have been given fixed values.
 */
#ifndef CLI_GOLDEN_H
#define CLI_GOLDEN_H

#include <stdbool.h>

/* Every `from` becomes `to`; ends with a NULL. */
struct golden_word {
	const char *from, *to;
};

/* Also makes the JSON members t and duration_ms 0, and drops rtt_ms, which is
 * not there when a request had to be repeated. On a difference both texts are
 * printed. */
bool golden_equals(const char *file, const char *text,
		   const struct golden_word *words);

#endif
