/*
 * local.h - sockets in the file system, unix(7).
 */
#ifndef AIR_LOCAL_H
#define AIR_LOCAL_H

/* Of a path, with the NUL: what unix(7) has room for. */
#define LOCAL_PATH_MAX 108

/* A stream socket that is connected to `path`, or -1 with errno. */
int air_local_connect(const char *path);

#endif
