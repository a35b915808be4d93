/*
 * self.h - who we are: the key of this installation, made when it is first needed.
 */
#ifndef AIR_SELF_H
#define AIR_SELF_H

#include <altair/openssl.h>

#include <limits.h>

struct self {
	char path[PATH_MAX];
	char pem[ALTAIR_KEY_PEM];
	size_t pem_len;
	uint8_t hash[32]; /* what others know us by */
};

/* Reads the key, or makes it. 0, or the exit code after a complaint. */
int air_self_open(struct self *out);

/* Wipes it. */
void air_self_close(struct self *self);

#endif
