/*
 * The file is $XDG_STATE_HOME/altair/discover (XDG base directories: an
 * absolute path, default ~/.local/state), one line for each family:
 *
 *     ipv4 LOCAL_PORT SECONDS_SINCE_1970 PUBLIC_ENDPOINT
 *
 * It is written beside and renamed, so a reader finds all or nothing. It says
 * where its owner was reachable: the directory is 0700, the file 0600.
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
	return len > 0 && len < PATH_MAX - 32;
}

static void read_line(struct state *out, const char *line)
{
	char family[8], mapped[ALTAIR_ADDR_TEXT];
	unsigned port;
	long long now = time(NULL);
	struct state_entry entry;

	if (sscanf(line, "%7s %5u %lld %63s", family, &port, &entry.seen_at,
		   mapped) != 4 ||
	    port < 1 || port > UINT16_MAX || entry.seen_at > now ||
	    now - entry.seen_at > REMEMBERED_SECONDS ||
	    altair_addr_parse(&entry.mapped, mapped) != 0)
		return;
	entry.local_port = (uint16_t)port;
	if (strcmp(family, "ipv4") == 0)
		out->ipv4 = entry;
	else if (strcmp(family, "ipv6") == 0)
		out->ipv6 = entry;
}

void air_state_read(struct state *out)
{
	char directory[PATH_MAX], path[PATH_MAX], line[256];
	FILE *file;

	*out = (struct state){0};
	if (!find_directory(directory))
		return;
	snprintf(path, sizeof path, "%.4000s/discover", directory);
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof line, file))
		read_line(out, line);
	fclose(file);
}

bool air_state_is_recent(const struct state_entry *entry)
{
	return entry->local_port != 0 &&
	       time(NULL) - entry->seen_at <= RECENT_SECONDS;
}

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

struct state_entry air_state_entry(uint16_t local_port,
				   const altair_addr *mapped)
{
	return (struct state_entry){.local_port = local_port,
				    .mapped = *mapped,
				    .seen_at = time(NULL)};
}

static void write_entry(FILE *file, const char *family,
			const struct state_entry *entry)
{
	char mapped[ALTAIR_ADDR_TEXT];

	if (entry->local_port == 0)
		return;
	altair_addr_format(&entry->mapped, mapped, sizeof mapped);
	fprintf(file, "%s %u %lld %s\n", family, entry->local_port,
		entry->seen_at, mapped);
}

static int write_file(const struct state *state, const char *directory)
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
	write_entry(file, "ipv4", &state->ipv4);
	write_entry(file, "ipv6", &state->ipv6);
	is_written = fflush(file) == 0;
	is_written = fclose(file) == 0 && is_written;
	if (is_written && rename(temporary, path) == 0)
		return 0;
	unlink(temporary);
	return -1;
}

void air_state_write(const struct state *state)
{
	char path[PATH_MAX];

	if (!find_directory(path)) {
		air_print_note("there is no home directory: the local port is "
			       "not remembered for `altair connect`");
		return;
	}
	if (make_directory(path) < 0 || write_file(state, path) < 0)
		air_print_note("cannot write to %s (%s): the local port is not "
			       "remembered for `altair connect`",
			       path, strerror(errno));
}
