/*
 * The fields are told apart from behind, so that a name may hold colons. Empty
 * lines and those that begin with # are passed over, and lost when the file is
 * written anew. It is written beside and renamed: a reader finds all or nothing.
 */
#define _GNU_SOURCE
#include "roll.h"

#include "command.h"
#include "print.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_LEN (256u << 20)
#define NAME_MAX_LEN 508 /* RFC 8489 14.3 */

static bool read_hex(uint8_t *out, size_t len, const char *text)
{
	static const char digits[] = "0123456789abcdef";

	if (strlen(text) != 2 * len)
		return false;
	for (size_t i = 0; i < 2 * len; i++) {
		const char *at = strchr(digits, text[i]);

		if (!at)
			return false;
		out[i / 2] = (uint8_t)(out[i / 2] << 4 | (at - digits));
	}
	return true;
}

static altair_bytes bytes(const char *text)
{
	return (altair_bytes){(const uint8_t *)text, strlen(text)};
}

/* Cuts off what is behind the last colon. */
static const char *cut(char *line)
{
	char *colon = strrchr(line, ':');

	if (!colon)
		return "";
	*colon = '\0';
	return colon + 1;
}

static bool take_line(struct roll *roll, char *text, unsigned number)
{
	struct roll_line *line = &roll->lines[roll->count];

	if (*text == '\0' || *text == '#')
		return true;
	line->number = number;
	if (!read_hex(line->user.sha256, sizeof line->user.sha256, cut(text)) ||
	    !read_hex(line->user.md5, sizeof line->user.md5, cut(text)))
		return false;
	line->realm = bytes(cut(text));
	line->user.name = bytes(text);
	roll->count++;
	return line->realm.len > 0 && line->user.name.len > 0 &&
	       line->user.name.len <= NAME_MAX_LEN;
}

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; (text = strchr(text, '\n')); text++)
		count++;
	return count;
}

static int take_lines(struct roll *roll, const char *path)
{
	char *line = roll->text;

	roll->lines = calloc(count_lines(line), sizeof *roll->lines);
	if (!roll->lines)
		return air_print_failure(EXIT_INTERNAL, "out of memory");
	for (unsigned number = 1; line; number++) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		if (!take_line(roll, line, number))
			return air_print_failure(
				EXIT_USAGE,
				"%s:%u: this is no line name:realm:MD5:SHA-256 "
				"as `altair ctl user add` writes it",
				path, number);
		line = end ? end + 1 : NULL;
	}
	return -1;
}

/* All of a file; NULL with errno. */
static char *read_text(const char *path)
{
	FILE *file = fopen(path, "re");
	struct stat about;
	char *text = NULL;

	if (!file)
		return NULL;
	if (fstat(fileno(file), &about) == 0 && S_ISREG(about.st_mode) &&
	    about.st_size < (off_t)FILE_MAX_LEN)
		text = calloc(1, (size_t)about.st_size + 1);
	else
		errno = EINVAL;
	if (text && about.st_size > 0 &&
	    fread(text, (size_t)about.st_size, 1, file) != 1) {
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

int air_roll_open(struct roll *roll, const char *path)
{
	*roll = (struct roll){.text = read_text(path)};
	if (!roll->text)
		return air_print_failure(EXIT_USAGE,
					 "cannot read the users' file %s: %s",
					 path, strerror(errno));
	return take_lines(roll, path);
}

void air_roll_close(struct roll *roll)
{
	free(roll->text);
	free(roll->lines);
	*roll = (struct roll){.text = NULL};
}

static bool is_same(altair_bytes a, altair_bytes b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

struct roll_line *air_roll_find(const struct roll *roll, altair_bytes name,
				altair_bytes realm)
{
	for (size_t i = 0; i < roll->count; i++)
		if (is_same(roll->lines[i].user.name, name) &&
		    is_same(roll->lines[i].realm, realm))
			return &roll->lines[i];
	return NULL;
}

static void write_hex(FILE *file, const uint8_t *hash, size_t len, char end)
{
	for (size_t i = 0; i < len; i++)
		fprintf(file, "%02x", hash[i]);
	putc(end, file);
}

static void write_line(FILE *file, const struct roll_line *line)
{
	fwrite(line->user.name.data, 1, line->user.name.len, file);
	putc(':', file);
	fwrite(line->realm.data, 1, line->realm.len, file);
	putc(':', file);
	write_hex(file, line->user.md5, sizeof line->user.md5, ':');
	write_hex(file, line->user.sha256, sizeof line->user.sha256, '\n');
}

/* Who may read the file that was there may read the new one: a server that is not
 * root's has to. By the descriptor: a path may be somebody else's file by now. */
static bool take_after(int fd, const char *path)
{
	struct stat before;

	if (stat(path, &before) != 0)
		return errno == ENOENT;
	return fchown(fd, before.st_uid, before.st_gid) == 0 &&
	       fchmod(fd, before.st_mode & 07777) == 0;
}

/* As it is to be at `path`; true when it is safe on the disk. */
static bool write_all(int fd, const char *path, const struct roll *roll,
		      const struct roll_line *without,
		      const struct roll_line *more)
{
	FILE *file = fdopen(fd, "w");
	bool is_written;

	if (!file) {
		close(fd);
		return false;
	}
	for (size_t i = 0; i < roll->count; i++)
		if (&roll->lines[i] != without)
			write_line(file, &roll->lines[i]);
	if (more)
		write_line(file, more);
	is_written = fflush(file) == 0 && !ferror(file) &&
		     take_after(fd, path) && fsync(fd) == 0;
	return fclose(file) == 0 && is_written;
}

int air_roll_write(const struct roll *roll, const char *path,
		   const struct roll_line *without,
		   const struct roll_line *more)
{
	char *beside;
	bool is_done = false;
	int fd;

	if (asprintf(&beside, "%s.XXXXXX", path) < 0)
		return air_print_failure(EXIT_INTERNAL, "out of memory");
	fd = mkostemp(beside, 0 /* mode 0600 */);
	if (fd >= 0)
		is_done = write_all(fd, path, roll, without, more) &&
			  rename(beside, path) == 0;
	if (!is_done)
		air_print_failure(EXIT_USAGE, "cannot write %s: %s", path,
				  strerror(errno));
	if (!is_done && fd >= 0)
		unlink(beside);
	free(beside);
	return is_done ? -1 : EXIT_USAGE;
}
