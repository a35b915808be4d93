/*
 * folder.h - the two folders of this user where altair keeps what it knows and is
 * told (XDG base directories), and files in them that change as a whole.
 */
#ifndef AIR_FOLDER_H
#define AIR_FOLDER_H

#include <altair/base.h>

#include <limits.h>
#include <sys/stat.h>

/* Room for the path of a file in a folder. */
#define FOLDER_PATH_MAX PATH_MAX

/* What two that change a file at once wait for each other, at most. */
#define FOLDER_PATIENCE_MS 5000

/* The folder's path: $XDG_STATE_HOME/altair, else ~/.local/state/altair; and
 * $XDG_CONFIG_HOME/altair, else ~/.config/altair. False: there is no home. */
bool air_folder_state(char out[FOLDER_PATH_MAX]);
bool air_folder_config(char out[FOLDER_PATH_MAX]);

/* The path of a file in it. */
void air_folder_path(char out[FOLDER_PATH_MAX], const char *folder,
		     const char *name);

/* mkdir -p, for the owner alone. 0, or -1 with errno. */
int air_folder_make(char *folder);

/* Locks the folder against others who change something in it. A descriptor that
 * unlocks when it is closed, or -1 with errno: EWOULDBLOCK when that took longer
 * than so many milliseconds. */
int air_folder_lock(const char *folder, int patience_ms);

/*
 * Reads a file as a whole into new memory, with a NUL behind it; *out_stat says
 * whose it is. NULL with errno: ENOENT, EINVAL for what is no regular file (waiting
 * for the other end of a FIFO would never end), EFBIG for one of over a megabyte.
 */
char *air_folder_read(const char *path, size_t *len, struct stat *out_stat);

/* Writes a file, 0600, all or nothing: a reader finds the old one or the new
 * one. 0, or -1 with errno. */
int air_folder_write(const char *folder, const char *name, altair_bytes text);

/* 0, or EXIT_USAGE after a complaint that somebody else can read `path`, which
 * holds `what`. */
int air_folder_check(const char *path, const struct stat *stat_of,
		     const char *what);

#endif
