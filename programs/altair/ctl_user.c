/*
 * Users in a file. A password is a line of standard input, never an argument: on
 * a terminal it is asked for and not shown.
 */
#define _GNU_SOURCE
#include "ctl_user.h"

#include "json.h"
#include "print.h"
#include "roll.h"

#include <altair/openssl.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define REALM_DEFAULT "altair"
#define PASSWORD_MAX 1024

static altair_bytes bytes(const char *text)
{
	return (altair_bytes){(const uint8_t *)text, strlen(text)};
}

/* Reads a line without its end; false: there is none, or it is too long. */
static bool read_line(char out[PASSWORD_MAX])
{
	size_t len;

	if (!fgets(out, PASSWORD_MAX, stdin))
		return false;
	len = strcspn(out, "\n");
	if (out[len] != '\n' && !feof(stdin))
		return false;
	out[len] = '\0';
	return len > 0;
}

static bool ask_password(char out[PASSWORD_MAX])
{
	struct termios before, silent;
	bool is_read;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &before) != 0)
		return read_line(out);
	fputs("Password: ", stderr);
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	is_read = read_line(out);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputs("\n", stderr);
	return is_read;
}

/* --- what to do ----------------------------------------------------------- */

static int list(const struct ctl *ctl, const struct roll *roll)
{
	for (size_t i = 0; i < roll->count; i++) {
		const struct roll_line *line = &roll->lines[i];
		json_t *object;

		if (!ctl->json) {
			air_print("%.*s\n", (int)line->user.name.len,
				  (const char *)line->user.name.data);
			continue;
		}
		object = air_json_object();
		json_object_set_new(
			object, "user",
			json_stringn((const char *)line->user.name.data,
				     line->user.name.len));
		json_object_set_new(object, "realm",
				    json_stringn((const char *)line->realm.data,
						 line->realm.len));
		air_json_write(object);
	}
	return EXIT_DONE;
}

static int add(const struct ctl *ctl, const struct roll *roll, const char *name,
	       altair_bytes realm)
{
	struct roll_line line = {.realm = realm};
	char password[PASSWORD_MAX];
	int code;

	if (!ask_password(password))
		return air_print_failure(
			EXIT_USAGE, "no password: it is one line of input");
	altair_server_make_user(&line.user, altair_openssl(), bytes(name),
				realm, bytes(password));
	explicit_bzero(password, sizeof password);
	code = air_roll_write(roll, ctl->users_file,
			      air_roll_find(roll, bytes(name), realm), &line);
	return code < 0 ? EXIT_DONE : code;
}

static int drop(const struct ctl *ctl, const struct roll *roll,
		const char *name, altair_bytes realm)
{
	const struct roll_line *line = air_roll_find(roll, bytes(name), realm);
	int code;

	if (!line)
		return air_print_failure(EXIT_USAGE, "%s has no user '%s'",
					 ctl->users_file, name);
	code = air_roll_write(roll, ctl->users_file, line, NULL);
	return code < 0 ? EXIT_DONE : code;
}

/* --- which ---------------------------------------------------------------- */

static bool is_name(const char *name)
{
	return *name && *name != '#' && strlen(name) <= 508 &&
	       !strpbrk(name, ":\n");
}

static bool is_realm(const char *realm)
{
	return *realm && strlen(realm) <= 127 && !strpbrk(realm, ":\n");
}

static int obey(const struct ctl *ctl, const struct roll *roll,
		char *const words[])
{
	altair_bytes realm = bytes(ctl->realm ? ctl->realm : REALM_DEFAULT);

	if (strcmp(words[0], "list") == 0)
		return list(ctl, roll);
	return strcmp(words[0], "add") == 0 ? add(ctl, roll, words[1], realm)
					    : drop(ctl, roll, words[1], realm);
}

int air_ctl_user(const struct command *self, const struct ctl *ctl,
		 char *const words[], int count)
{
	bool is_list = count == 1 && strcmp(words[0], "list") == 0;
	bool is_add = count == 2 && strcmp(words[0], "add") == 0;
	bool is_drop = count == 2 && strcmp(words[0], "remove") == 0;
	struct roll roll = {.text = NULL};
	int code = -1;

	if (!is_list && !is_add && !is_drop)
		return air_options_complain(
			self, "user wants list, add NAME or remove NAME");
	if (!ctl->users_file)
		return air_options_complain(self, "user wants --users-file");
	if (ctl->realm && !is_realm(ctl->realm))
		return air_options_complain(
			self, "--realm wants 1 to 127 bytes without a colon");
	if (!is_list && !is_name(words[1]))
		return air_options_complain(
			self, "a name has 1 to 508 bytes and no colon");
	/* The first user makes the file. */
	if (!is_add || access(ctl->users_file, F_OK) == 0)
		code = air_roll_open(&roll, ctl->users_file);
	if (code < 0)
		code = obey(ctl, &roll, words);
	air_roll_close(&roll);
	return code;
}
