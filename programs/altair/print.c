/*
 * The one printer. Colour is only ever an addition: every line says the same
 * without it. Rules: the stream is a terminal, NO_COLOR is unset or empty, TERM
 * is set and not "dumb".
 */
#define _GNU_SOURCE
#include "print.h"

#include "escape.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define RED "\033[31m"
#define PLAIN "\033[0m"

static struct {
	bool terminal; /* stdout is one */
	bool color_out, color_err;
	bool broken;
} printer;

static bool wants_color(int fd)
{
	const char *none = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(fd) && !(none && *none) && term && *term &&
	       strcmp(term, "dumb") != 0;
}

void air_print_open(void)
{
	printer.terminal = isatty(STDOUT_FILENO);
	printer.color_out = wants_color(STDOUT_FILENO);
	printer.color_err = wants_color(STDERR_FILENO);
}

static void finish(void)
{
	if (fflush(stdout) != 0 || ferror(stdout))
		printer.broken = true;
}

bool air_print_is_broken(void)
{
	return printer.broken;
}

void air_print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	finish();
}

void air_print_good(const char *format, ...)
{
	va_list args;

	if (printer.color_out)
		fputs(GREEN, stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	fputs(printer.color_out ? PLAIN "\n" : "\n", stdout);
	finish();
}

/* A sentence may repeat what was typed or pasted: no byte of it may do anything
 * to the terminal. */
__attribute__((format(printf, 1, 0))) static void
write_sentence(const char *format, va_list args)
{
	char text[1024];
	int len = vsnprintf(text, sizeof text, format, args);

	if (len < 0)
		return;
	air_escape_write((altair_bytes){(const uint8_t *)text, strlen(text)},
			 stderr);
	putc('\n', stderr);
}

void air_print_note(const char *format, ...)
{
	va_list args;

	fputs(printer.color_err ? YELLOW "note:" PLAIN " " : "note: ", stderr);
	va_start(args, format);
	write_sentence(format, args);
	va_end(args);
}

int air_print_failure(int code, const char *format, ...)
{
	va_list args;

	fputs(printer.color_err ? RED "altair:" PLAIN " " : "altair: ", stderr);
	va_start(args, format);
	write_sentence(format, args);
	va_end(args);
	return code;
}

void air_print_message(altair_bytes message, bool raw)
{
	if (printer.terminal && !raw)
		air_escape_write(message, stdout);
	else
		fwrite(message.data, 1, message.len, stdout);
	putchar('\n');
	finish();
}
