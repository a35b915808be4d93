/*
 * The file is $XDG_STATE_HOME/altair/known_peers, 0600, a line for each peer:
 *
 *     SHA-256-OF-KEY PAIR-SECRET NAME
 *
 * both in hexadecimal; NAME is the rest of the line. A line that begins with # is a
 * comment, which the next change takes away. Whatever else stands there is refused
 * with its line: a peer that was passed over would be a stranger.
 *
 * Who changes it reads it again under the lock, so two at once lose nothing.
 */
#define _GNU_SOURCE
#include "contacts.h"

#include "command.h"
#include "escape.h"
#include "folder.h"
#include "hex.h"
#include "print.h"

#include <altair/code.h>
#include <altair/secure.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "known_peers"
#define HEX_LEN 64
#define NAME_AT (2 * HEX_LEN + 2) /* in a line */
#define LINE_ROOM (NAME_AT + CONTACT_NAME_MAX + 1)
#define HEADER "# altair known peers: key, pair secret (keep it!), name\n"

/* ---- names ---- */

static const char *problem_of(const char *name)
{
	altair_code code;
	altair_addr addr;
	size_t len = strlen(name);

	if (len == 0)
		return "is empty";
	if (len >= CONTACT_NAME_MAX)
		return "is longer than 63 bytes";
	if (name[0] == ' ' || name[len - 1] == ' ')
		return "begins or ends with a blank";
	if (!air_escape_is_harmless((altair_bytes){(const uint8_t *)name, len}))
		return "has characters that cannot be shown";
	if (name[0] == '-' || name[0] == '#')
		return "begins with - or #";
	if (altair_code_looks(name) || altair_code_parse(&code, name) == 0)
		return "looks like a code";
	if (strchr(name, ':') || altair_addr_parse_ip(&addr, name, 1) == 0)
		return "looks like an endpoint";
	return NULL;
}

bool air_contacts_may_be_called(const char *name, char *why, size_t cap)
{
	const char *problem = problem_of(name);

	if (problem)
		snprintf(why, cap, "%s", problem);
	return !problem;
}

/* ---- looking ---- */

static struct contact *find_name(struct contacts *contacts, const char *name)
{
	for (size_t i = 0; i < contacts->count; i++)
		if (strcmp(contacts->item[i].name, name) == 0)
			return &contacts->item[i];
	return NULL;
}

static struct contact *find_key(struct contacts *contacts,
				const uint8_t key[32])
{
	for (size_t i = 0; i < contacts->count; i++)
		if (memcmp(contacts->item[i].peer.key, key, 32) == 0)
			return &contacts->item[i];
	return NULL;
}

const struct contact *air_contacts_by_name(const struct contacts *contacts,
					   const char *name)
{
	return find_name((struct contacts *)(uintptr_t)contacts, name);
}

const struct contact *air_contacts_by_key(const struct contacts *contacts,
					  const uint8_t key[32])
{
	return find_key((struct contacts *)(uintptr_t)contacts, key);
}

/* ---- reading ---- */

static const char *take_line(struct contacts *contacts, char *line)
{
	struct contact *contact = &contacts->item[contacts->count];
	const char *problem;

	if (strlen(line) <= NAME_AT || line[HEX_LEN] != ' ' ||
	    line[NAME_AT - 1] != ' ')
		return "is no line 'KEY SECRET NAME'";
	line[HEX_LEN] = line[NAME_AT - 1] = '\0';
	if (!air_hex_read(contact->peer.key, 32, line) ||
	    !air_hex_read(contact->peer.pair, 32, line + HEX_LEN + 1))
		return "is no line 'KEY SECRET NAME'";
	problem = problem_of(line + NAME_AT);
	if (problem)
		return "has a name that nobody may have";
	if (find_name(contacts, line + NAME_AT))
		return "has a name that stands there before";
	if (find_key(contacts, contact->peer.key))
		return "has a key that stands there before";
	snprintf(contact->name, sizeof contact->name, "%s", line + NAME_AT);
	contacts->count++;
	return NULL;
}

static int take_text(struct contacts *contacts, const char *path, char *text)
{
	unsigned number = 0;

	for (char *line; (line = strsep(&text, "\n"));) {
		const char *problem = NULL;

		number++;
		if (*line == '\0' || *line == '#')
			continue;
		if (contacts->count == CONTACTS_MAX)
			problem = "is one peer too many";
		else
			problem = take_line(contacts, line);
		if (problem)
			return air_print_failure(
				EXIT_USAGE,
				"%s:%u: this %s; mend it, or take the line "
				"away and meet that peer by a code again",
				path, number, problem);
	}
	return 0;
}

static int complain(const char *what, const char *path)
{
	return air_print_failure(EXIT_USAGE, "cannot %s %s: %s", what, path,
				 errno == EINVAL ? "it is no file"
						 : strerror(errno));
}

static int read_folder(struct contacts *out, const char *folder)
{
	char path[FOLDER_PATH_MAX], *text;
	struct stat stat_of;
	size_t len;
	int code;

	out->count = 0;
	air_folder_path(path, folder, NAME);
	text = air_folder_read(path, &len, &stat_of);
	if (!text)
		return errno == ENOENT ? 0 : complain("read", path);
	code = air_folder_check(path, &stat_of, "your peers' secrets");
	if (!code && strlen(text) != len)
		code = air_print_failure(EXIT_USAGE, "%s is no text file",
					 path);
	if (!code)
		code = take_text(out, path, text);
	explicit_bzero(text, len);
	free(text);
	return code;
}

static int no_home(void)
{
	return air_print_failure(EXIT_USAGE, "there is no home directory: set "
					     "HOME or XDG_STATE_HOME");
}

int air_contacts_read(struct contacts *out)
{
	char folder[FOLDER_PATH_MAX];

	out->count = 0;
	return air_folder_state(folder) ? read_folder(out, folder) : no_home();
}

/* ---- writing ---- */

static size_t write_line(char out[LINE_ROOM], const struct contact *contact)
{
	char key[HEX_LEN + 1], pair[HEX_LEN + 1];

	air_hex_write((altair_bytes){contact->peer.key, 32}, key);
	air_hex_write((altair_bytes){contact->peer.pair, 32}, pair);
	return (size_t)snprintf(out, LINE_ROOM, "%s %s %s\n", key, pair,
				contact->name);
}

static int write_folder(const struct contacts *contacts, const char *folder)
{
	size_t cap = sizeof HEADER + contacts->count * LINE_ROOM;
	size_t len = sizeof HEADER - 1;
	char *text = malloc(cap);
	int error;

	if (!text)
		return -1;
	memcpy(text, HEADER, sizeof HEADER);
	for (size_t i = 0; i < contacts->count; i++)
		len += write_line(text + len, &contacts->item[i]);
	error = air_folder_write(folder, NAME,
				 (altair_bytes){(const uint8_t *)text, len});
	explicit_bzero(text, cap);
	free(text);
	return error;
}

/* What a change is about; it returns 0 or an exit code. */
struct change {
	int (*apply)(struct contacts *contacts, struct change *change);
	const altair_uv_link_peer *peer;
	const char *name, *new_name;
	struct contact *out;
	bool is_quiet;
};

static int change_in(char *folder, struct change *change)
{
	struct contacts *contacts;
	int lock, code;

	if (air_folder_make(folder) < 0)
		return complain("make", folder);
	lock = air_folder_lock(folder, FOLDER_PATIENCE_MS);
	if (lock < 0)
		return complain("lock", folder);
	contacts = malloc(sizeof *contacts);
	code = contacts ? read_folder(contacts, folder)
			: air_print_failure(EXIT_INTERNAL, "out of memory");
	if (!code)
		code = change->apply(contacts, change);
	if (!code && write_folder(contacts, folder) < 0)
		code = complain("write to", folder);
	free(contacts);
	close(lock);
	return code;
}

static int make_change(struct change *change)
{
	char folder[FOLDER_PATH_MAX];

	return air_folder_state(folder) ? change_in(folder, change) : no_home();
}

/* ---- the changes ---- */

/* "peer-ab2cd", or with more of the fingerprint where that is taken. */
static void make_name(struct contacts *contacts, struct contact *contact)
{
	char print[ALTAIR_FINGERPRINT_TEXT];

	altair_fingerprint_format(contact->peer.key, print);
	for (int len = 5; len < ALTAIR_FINGERPRINT_TEXT; len += 6) {
		snprintf(contact->name, sizeof contact->name, "peer-%.*s", len,
			 print);
		if (!find_name(contacts, contact->name))
			return;
	}
}

static int say_full(void)
{
	return air_print_failure(EXIT_USAGE,
				 "%d peers are known, no more fit: forget one "
				 "by `altair peers forget`",
				 CONTACTS_MAX);
}

static int meet(struct contacts *contacts, struct change *change)
{
	struct contact *contact = find_key(contacts, change->peer->key);
	const struct contact *other = NULL;

	if (change->name)
		other = find_name(contacts, change->name);
	if (other && other != contact && !change->is_quiet)
		air_print_note("'%s' is another peer's name already: this one "
			       "keeps its own, see `altair peers`",
			       change->name);
	if (!contact && contacts->count == CONTACTS_MAX)
		return change->is_quiet ? EXIT_USAGE : say_full();
	if (!contact) {
		contact = &contacts->item[contacts->count];
		contact->peer = *change->peer;
		make_name(contacts, contact);
		contacts->count++;
	}
	contact->peer = *change->peer;
	if (change->name && !other)
		snprintf(contact->name, sizeof contact->name, "%s",
			 change->name);
	*change->out = *contact;
	return 0;
}

static int say_unknown(const char *name)
{
	return air_print_failure(
		EXIT_USAGE, "no peer is called '%s'; see `altair peers`", name);
}

static int rename_one(struct contacts *contacts, struct change *change)
{
	struct contact *contact = find_name(contacts, change->name);
	const struct contact *other = find_name(contacts, change->new_name);

	if (!contact)
		return say_unknown(change->name);
	if (other && other != contact)
		return air_print_failure(EXIT_USAGE,
					 "another peer is called '%s' already",
					 change->new_name);
	snprintf(contact->name, sizeof contact->name, "%s", change->new_name);
	return 0;
}

static int forget(struct contacts *contacts, struct change *change)
{
	struct contact *contact = find_name(contacts, change->name);
	size_t at;

	if (!contact)
		return say_unknown(change->name);
	at = (size_t)(contact - contacts->item);
	contacts->count--;
	memmove(contact, contact + 1, (contacts->count - at) * sizeof *contact);
	return 0;
}

int air_contacts_add(struct contacts *contacts, const altair_uv_link_peer *peer,
		     const char *name, struct contact *out)
{
	struct change change = {
		.peer = peer, .name = name, .out = out, .is_quiet = true};

	return meet(contacts, &change);
}

int air_contacts_meet(const altair_uv_link_peer *peer, const char *name,
		      struct contact *out)
{
	struct change change = {
		.apply = meet, .peer = peer, .name = name, .out = out};

	return make_change(&change);
}

int air_contacts_rename(const char *name, const char *new_name)
{
	struct change change = {
		.apply = rename_one, .name = name, .new_name = new_name};

	return make_change(&change);
}

int air_contacts_forget(const char *name)
{
	struct change change = {.apply = forget, .name = name};

	return make_change(&change);
}
