/*
 * print.h - everything a person reads. Steps and results go to stdout, notes
 * and errors to stderr. Each call writes whole lines and flushes them.
 */
#ifndef AIR_PRINT_H
#define AIR_PRINT_H

#include <altair/base.h>

/* Looks at the terminals; call once, first. */
void air_print_open(void);

/* A line or more of stdout, as given. */
void air_print(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line of stdout that begins with a sign of success, green where colours are.
 */
void air_print_good(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* "note: ..." on stderr, with control characters escaped. */
void air_print_note(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* "altair: ..." on stderr, escaped as well; returns `code`, for `return air_print_failure(...)`.
 */
int air_print_failure(int code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A message of the peer and a line end on stdout: escaped on a terminal, unless
 * `raw`. */
void air_print_message(altair_bytes message, bool raw);

/* True once stdout could not be written. */
bool air_print_is_broken(void);

#endif
