/*
 * A file is written beside its place, synced and renamed. Who changes one reads it
 * again under the folder's lock, flock(2), so that of two at once nothing is lost.
 */
#define _GNU_SOURCE
#include "folder.h"

#include "command.h"
#include "print.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#define LEN_MAX (1u << 20)
#define LOCK_STEP_MS 10
/* What stays for the name of a file behind a folder's path. */
#define NAME_ROOM 96

static bool find(char out[FOLDER_PATH_MAX], const char *variable,
		 const char *below_home)
{
	const char *base = getenv(variable);
	const char *home = getenv("HOME");
	int len = -1;

	if (base && base[0] == '/')
		len = snprintf(out, FOLDER_PATH_MAX, "%s/altair", base);
	else if (home && home[0] == '/')
		len = snprintf(out, FOLDER_PATH_MAX, "%s/%s/altair", home,
			       below_home);
	return len > 0 && len < FOLDER_PATH_MAX - NAME_ROOM;
}

bool air_folder_state(char out[FOLDER_PATH_MAX])
{
	return find(out, "XDG_STATE_HOME", ".local/state");
}

bool air_folder_config(char out[FOLDER_PATH_MAX])
{
	return find(out, "XDG_CONFIG_HOME", ".config");
}

void air_folder_path(char out[FOLDER_PATH_MAX], const char *folder,
		     const char *name)
{
	snprintf(out, FOLDER_PATH_MAX, "%.4000s/%.90s", folder, name);
}

int air_folder_make(char *folder)
{
	for (char *at = folder + 1;; at++) {
		char end = *at;
		int error;

		if (end != '/' && end != '\0')
			continue;
		*at = '\0';
		error = mkdir(folder, 0700) < 0 && errno != EEXIST;
		*at = end;
		if (error || end == '\0')
			return error ? -1 : 0;
	}
}

int air_folder_lock(const char *folder, int patience_ms)
{
	const struct timespec pause = {.tv_nsec = LOCK_STEP_MS * 1000 * 1000};
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int error = EWOULDBLOCK;

	if (fd < 0)
		return -1;
	for (int ms = 0; ms < patience_ms; ms += LOCK_STEP_MS) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		error = errno;
		if (error != EWOULDBLOCK)
			break;
		nanosleep(&pause, NULL);
	}
	close(fd);
	errno = error;
	return -1;
}

/* ---- reading ---- */

static char *read_whole(int fd, size_t *len)
{
	char *text = malloc(LEN_MAX + 1);
	ssize_t got = 1;

	*len = 0;
	while (text && got > 0 && *len < LEN_MAX) {
		got = read(fd, text + *len, LEN_MAX - *len);
		if (got > 0)
			*len += (size_t)got;
	}
	if (text && (got < 0 || *len == LEN_MAX)) {
		errno = got < 0 ? errno : EFBIG;
		free(text);
		return NULL;
	}
	if (text)
		text[*len] = '\0';
	return text;
}

char *air_folder_read(const char *path, size_t *len, struct stat *out_stat)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char *text = NULL;
	int error;

	if (fd < 0)
		return NULL;
	if (fstat(fd, out_stat) == 0 && S_ISREG(out_stat->st_mode))
		text = read_whole(fd, len);
	else
		errno = EINVAL;
	error = errno;
	close(fd);
	errno = error;
	return text;
}

/* ---- writing ---- */

static bool write_whole(int fd, altair_bytes text)
{
	while (text.len > 0) {
		ssize_t put = write(fd, text.data, text.len);

		if (put < 0)
			return false;
		text.data += put;
		text.len -= (size_t)put;
	}
	return fsync(fd) == 0;
}

int air_folder_write(const char *folder, const char *name, altair_bytes text)
{
	char path[FOLDER_PATH_MAX], temporary[FOLDER_PATH_MAX];
	bool is_written;
	int fd, error;

	air_folder_path(path, folder, name);
	snprintf(temporary, sizeof temporary, "%.4000s/.%.80s.XXXXXX", folder,
		 name);
	fd = mkostemp(temporary, O_CLOEXEC); /* 0600 */
	if (fd < 0)
		return -1;
	is_written = write_whole(fd, text);
	error = errno;
	close(fd);
	if (is_written && rename(temporary, path) == 0)
		return 0;
	error = is_written ? errno : error;
	unlink(temporary);
	errno = error;
	return -1;
}

int air_folder_check(const char *path, const struct stat *stat_of,
		     const char *what)
{
	uid_t user = geteuid();

	if (user != 0 && stat_of->st_uid != user)
		return air_print_failure(EXIT_USAGE,
					 "%s belongs to another user, who can "
					 "read %s: move it away",
					 path, what);
	if (stat_of->st_mode & (S_IRWXG | S_IRWXO))
		return air_print_failure(EXIT_USAGE,
					 "others can read %s, which holds %s: "
					 "type `chmod 600 %s`",
					 path, what, path);
	return 0;
}
