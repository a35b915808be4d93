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
 * It is written beside and renamed, so a reader finds all or nothing; writers
 * lock the directory. It says where its owner was reachable: the directory is
 * 0700, the file 0600.
 */
#define _GNU_SOURCE
#include "state.h"

#include "print.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* NATs keep an idle mapping for two minutes at least (RFC 4787 4.3). */
#define RECENT_SECONDS 120
/* So long a user may expect that the endpoint is still the one that was shown. */
#define REMEMBERED_SECONDS 3600

/* Writes the directory's path; false where none is known. */
static bool find_directory(char out[PATH_MAX])
{
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	int len = -1;

	if (state && state[0] == '/')
		len = snprintf(out, PATH_MAX, "%s/altair", state);
	else if (home && home[0] == '/')
		len = snprintf(out, PATH_MAX, "%s/.local/state/altair", home);
	return len > 0 && len < PATH_MAX - 96;
}

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

/* Opens a file to read; NULL for everything else that may stand there: waiting
 * for the other end of a FIFO would never end. */
static FILE *open_regular(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	struct stat stat_of;
	FILE *file = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &stat_of) == 0 && S_ISREG(stat_of.st_mode))
		file = fdopen(fd, "r");
	if (!file)
		close(fd);
	return file;
}

static void read_directory(struct state *out, const char *directory)
{
	char path[PATH_MAX], line[256];
	FILE *file;

	out->count = 0;
	snprintf(path, sizeof path, "%.4000s/discover", directory);
	file = open_regular(path);
	if (!file)
		return;
	while (out->count < STATE_ENTRIES && fgets(line, sizeof line, file))
		if (read_line(&out->entry[out->count], line))
			out->count++;
	fclose(file);
}

void air_state_read(struct state *out)
{
	char directory[PATH_MAX];

	out->count = 0;
	if (find_directory(directory))
		read_directory(out, directory);
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

/* mkdir -p; the directories it makes are for the owner alone. */
static int make_directory(char *path)
{
	for (char *at = path + 1;; at++) {
		char end = *at;
		int error;

		if (end != '/' && end != '\0')
			continue;
		*at = '\0';
		error = mkdir(path, 0700) < 0 && errno != EEXIST;
		*at = end;
		if (error || end == '\0')
			return error ? -1 : 0;
	}
}

static void write_entries(FILE *file, const struct state *state)
{
	char mapped[ALTAIR_ADDR_TEXT];

	for (size_t i = 0; i < state->count; i++) {
		const struct state_entry *entry = &state->entry[i];

		altair_addr_format(&entry->mapped, mapped, sizeof mapped);
		fprintf(file, "%u %lld %llu %ld %s\n", entry->local_port,
			entry->seen_at, entry->network, entry->session, mapped);
	}
}

static int write_directory(const struct state *state, const char *directory)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	FILE *file = NULL;
	bool is_written;
	int fd;

	snprintf(path, sizeof path, "%.4000s/discover", directory);
	snprintf(temporary, sizeof temporary, "%.4000s/.discover.XXXXXX",
		 directory);
	fd = mkostemp(temporary, O_CLOEXEC); /* 0600 */
	if (fd >= 0)
		file = fdopen(fd, "w");
	if (!file)
		return -1;
	write_entries(file, state);
	is_written = fflush(file) == 0;
	is_written = fclose(file) == 0 && is_written;
	if (is_written && rename(temporary, path) == 0)
		return 0;
	unlink(temporary);
	return -1;
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

/* Who holds the lock longer than this is no discovery; at worst one of two
 * entries is lost without it. */
static void lock_briefly(int fd)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	for (int tries = 0; tries < 50; tries++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
			return;
		nanosleep(&pause, NULL);
	}
}

static int add_to_directory(char *directory, const struct state_entry *entry)
{
	struct state state;
	int lock, error;

	if (make_directory(directory) < 0)
		return -1;
	lock = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (lock < 0)
		return -1;
	lock_briefly(lock);
	read_directory(&state, directory);
	add(&state, entry);
	error = write_directory(&state, directory);
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
	char directory[PATH_MAX];

	if (!find_directory(directory))
		air_print_note("there is no home directory: the local port is "
			       "not remembered for `altair connect`");
	else if (add_to_directory(directory, &entry) < 0)
		air_print_note("cannot write to %s (%s): the local port is not "
			       "remembered for `altair connect`",
			       directory, strerror(errno));
}
