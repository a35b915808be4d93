/*
 * The file is $XDG_STATE_HOME/altair/discover (XDG base directories: an absolute
 * path, default ~/.local/state), one line for each discovery, newest first:
 *
 *     LOCAL_PORT SECONDS_SINCE_1970 NETWORK SESSION PUBLIC_ENDPOINT
 *
 * One home may be shared by several terminals and network namespaces, where each
 * may be a peer of the other. So all of the last hour are kept, and who asks gets
 * the newest of its own network, of its own session if there is one, and never
 * the one whose endpoint is the peer's.
 *
 * A reader finds all or nothing. It says where its owner was reachable: the folder is
 * 0700, the file 0600.
 */
#define _GNU_SOURCE
#include "state.h"

#include "folder.h"
#include "print.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAME "discover"
/* More than any line: four numbers and an endpoint. */
#define LINE_MAX_LEN 256
#define LOCK_PATIENCE_MS 500

/* NATs keep an idle mapping for two minutes at least (RFC 4787 4.3). */
#define RECENT_SECONDS 120
/* So long a user may expect that the endpoint is still the one that was shown. */
#define REMEMBERED_SECONDS 3600

/* A number for the network namespace; equal for equal ones. */
static unsigned long long this_network(void)
{
	struct stat stat_of;

	return stat("/proc/self/ns/net", &stat_of) == 0
		       ? (unsigned long long)stat_of.st_ino
		       : 0;
}

/* ---- reading ---- */

static bool read_line(struct state_entry *out, const char *line)
{
	char mapped[ALTAIR_ADDR_TEXT];
	long long now = time(NULL);
	unsigned port;

	if (sscanf(line, "%5u %lld %llu %ld %63s", &port, &out->seen_at,
		   &out->network, &out->session, mapped) != 5 ||
	    port < 1 || port > UINT16_MAX ||
	    altair_addr_parse(&out->mapped, mapped) != 0)
		return false;
	out->local_port = (uint16_t)port;
	return out->seen_at <= now && now - out->seen_at <= REMEMBERED_SECONDS;
}

static void read_folder(struct state *out, const char *folder)
{
	char path[FOLDER_PATH_MAX], *text, *rest, *line;
	struct stat stat_of;
	size_t len;

	out->count = 0;
	air_folder_path(path, folder, NAME);
	text = air_folder_read(path, &len, &stat_of);
	rest = text;
	while (out->count < STATE_ENTRIES && (line = strsep(&rest, "\n")))
		if (read_line(&out->entry[out->count], line))
			out->count++;
	free(text);
}

void air_state_read(struct state *out)
{
	char folder[FOLDER_PATH_MAX];

	out->count = 0;
	if (air_folder_state(folder))
		read_folder(out, folder);
}

bool air_state_is_recent(const struct state_entry *entry)
{
	return time(NULL) - entry->seen_at <= RECENT_SECONDS;
}

const struct state_entry *air_state_find(const struct state *state,
					 enum altair_family family,
					 const altair_addr *peer)
{
	const struct state_entry *newest = NULL;
	unsigned long long network = this_network();
	long session = getsid(0);

	for (size_t i = 0; i < state->count; i++) {
		const struct state_entry *entry = &state->entry[i];

		if (entry->mapped.family != family ||
		    entry->network != network ||
		    altair_addr_equal(&entry->mapped, peer))
			continue;
		if (entry->session == session && air_state_is_recent(entry))
			return entry;
		if (!newest)
			newest = entry;
	}
	return newest;
}

const struct state_entry *air_state_showed(const struct state *state,
					   const altair_addr *mapped,
					   bool *is_only)
{
	unsigned long long network = this_network();
	const struct state_entry *found = NULL;

	*is_only = true;
	for (size_t i = 0; i < state->count; i++) {
		const struct state_entry *entry = &state->entry[i];

		if (entry->mapped.family != mapped->family ||
		    entry->network != network || !air_state_is_recent(entry))
			continue;
		if (altair_addr_equal(&entry->mapped, mapped))
			found = entry;
		else
			*is_only = false;
	}
	return found;
}

/* ---- writing ---- */

static int write_folder(const struct state *state, const char *folder)
{
	char text[STATE_ENTRIES * LINE_MAX_LEN], mapped[ALTAIR_ADDR_TEXT];
	size_t len = 0;

	for (size_t i = 0; i < state->count; i++) {
		const struct state_entry *entry = &state->entry[i];

		altair_addr_format(&entry->mapped, mapped, sizeof mapped);
		len += (size_t)snprintf(text + len, sizeof text - len,
					"%u %lld %llu %ld %s\n",
					entry->local_port, entry->seen_at,
					entry->network, entry->session, mapped);
	}
	return air_folder_write(folder, NAME,
				(altair_bytes){(const uint8_t *)text, len});
}

/* Puts `entry` first, in place of an older one of the same socket. */
static void add(struct state *state, const struct state_entry *entry)
{
	struct state old = *state;

	state->entry[0] = *entry;
	state->count = 1;
	for (size_t i = 0; i < old.count; i++) {
		const struct state_entry *other = &old.entry[i];

		if (state->count < STATE_ENTRIES &&
		    (other->network != entry->network ||
		     other->local_port != entry->local_port ||
		     other->mapped.family != entry->mapped.family))
			state->entry[state->count++] = *other;
	}
}

/* Who holds the lock longer than that is no discovery; at worst one of two
 * entries is lost without it. */
static int add_to_folder(char *folder, const struct state_entry *entry)
{
	struct state state;
	int lock, error;

	if (air_folder_make(folder) < 0)
		return -1;
	lock = air_folder_lock(folder, LOCK_PATIENCE_MS);
	if (lock < 0 && errno != EWOULDBLOCK)
		return -1;
	read_folder(&state, folder);
	add(&state, entry);
	error = write_folder(&state, folder);
	if (lock >= 0)
		close(lock);
	return error;
}

void air_state_add(uint16_t local_port, const altair_addr *mapped)
{
	const struct state_entry entry = {.mapped = *mapped,
					  .local_port = local_port,
					  .seen_at = time(NULL),
					  .network = this_network(),
					  .session = getsid(0)};
	char folder[FOLDER_PATH_MAX];

	if (!air_folder_state(folder))
		air_print_note("there is no home directory: the local port is "
			       "not remembered for `altair connect`");
	else if (add_to_folder(folder, &entry) < 0)
		air_print_note("cannot write to %s (%s): the local port is not "
			       "remembered for `altair connect`",
			       folder, strerror(errno));
}
