/*
 * The file is $XDG_STATE_HOME/altair/identity.pem, a private key in PEM, 0600. It
 * is made under the folder's lock and is there whole or not at all, so two that
 * begin at once have one identity. A file that others can read is nobody's
 * identity any more; one that cannot be used is never replaced.
 */
#define _GNU_SOURCE
#include "self.h"

#include "command.h"
#include "folder.h"
#include "print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "identity.pem"

static int complain(const char *what, const char *path)
{
	return air_print_failure(EXIT_USAGE, "cannot %s %s: %s", what, path,
				 errno == EINVAL ? "it is no file"
						 : strerror(errno));
}

static int take_pem(struct self *out, const char *text, size_t len)
{
	altair_openssl_key *key;

	if (len >= sizeof out->pem ||
	    altair_openssl_key_load(
		    &key, (altair_bytes){(const uint8_t *)text, len}) != 0)
		return air_print_failure(
			EXIT_USAGE,
			"%s holds no private key (PEM, P-256, without "
			"password): move it away, then you get a new identity",
			out->path);
	memcpy(out->pem, text, len);
	out->pem_len = len;
	altair_openssl_key_hash(key, out->hash);
	altair_openssl_key_free(key);
	return 0;
}

/* Returns -1 when there is no file, 0, or the exit code. */
static int read_file(struct self *out)
{
	struct stat stat_of;
	size_t len;
	char *text = air_folder_read(out->path, &len, &stat_of);
	int code;

	if (!text)
		return errno == ENOENT ? -1 : complain("read", out->path);
	code = air_folder_check(out->path, &stat_of, "your private key");
	if (!code)
		code = take_pem(out, text, len);
	explicit_bzero(text, len);
	free(text);
	return code;
}

static int make_file(struct self *out, const char *folder)
{
	altair_openssl_key *key;
	int len;

	if (altair_openssl_key_new(&key) != 0)
		return air_print_failure(EXIT_INTERNAL, "cannot make a key");
	len = altair_openssl_key_save(key, out->pem, sizeof out->pem);
	altair_openssl_key_hash(key, out->hash);
	altair_openssl_key_free(key);
	if (len < 0)
		return air_print_failure(EXIT_INTERNAL, "cannot write a key");
	out->pem_len = (size_t)len;
	if (air_folder_write(folder, NAME,
			     (altair_bytes){(const uint8_t *)out->pem,
					    out->pem_len}) < 0)
		return complain("write", out->path);
	return 0;
}

static int make_locked(struct self *out, char *folder)
{
	int lock, code;

	if (air_folder_make(folder) < 0)
		return complain("make", folder);
	lock = air_folder_lock(folder, FOLDER_PATIENCE_MS);
	if (lock < 0)
		return complain("lock", folder);
	code = read_file(out);
	if (code < 0)
		code = make_file(out, folder);
	close(lock);
	return code;
}

int air_self_open(struct self *out)
{
	char folder[FOLDER_PATH_MAX];
	int code;

	if (!air_folder_state(folder))
		return air_print_failure(EXIT_USAGE,
					 "there is no home directory for the "
					 "identity: set HOME or "
					 "XDG_STATE_HOME");
	air_folder_path(out->path, folder, NAME);
	code = read_file(out);
	return code < 0 ? make_locked(out, folder) : code;
}

void air_self_close(struct self *self)
{
	explicit_bzero(self, sizeof *self);
}
