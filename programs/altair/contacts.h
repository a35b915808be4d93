/*
 * contacts.h - the peers that we have met, with names of the user's choosing, as
 * ssh keeps its known hosts.
 */
#ifndef AIR_CONTACTS_H
#define AIR_CONTACTS_H

#include <altair/uv_link.h>

#define CONTACTS_MAX ALTAIR_UV_LINK_PEERS_MAX
#define CONTACT_NAME_MAX 64 /* with its NUL */

struct contact {
	char name[CONTACT_NAME_MAX];
	altair_uv_link_peer peer;
};

struct contacts {
	struct contact item[CONTACTS_MAX];
	size_t count;
};

/* Reads the file of them; without a file there are none. 0, or the exit code after
 * a complaint. */
int air_contacts_read(struct contacts *out);

/* NULL: there is none. */
const struct contact *air_contacts_by_name(const struct contacts *contacts,
					   const char *name);
const struct contact *air_contacts_by_key(const struct contacts *contacts,
					  const uint8_t key[32]);

/* Whether a peer may have that name; else `why` says what is wrong, as the end of a
 * sentence about it. Nothing that could be a code or an endpoint may. */
bool air_contacts_may_be_called(const char *name, char *why, size_t cap);

/* As air_contacts_meet, but in memory alone, and without a word. */
int air_contacts_add(struct contacts *contacts, const altair_uv_link_peer *peer,
		     const char *name, struct contact *out);

/*
 * Keeps a peer that was met: a new one under `name` (NULL: one that is made of its
 * key), a known one with its new secret, and under `name` if that is given and
 * nobody else's. *out is how it is kept. 0, or the exit code after a complaint.
 */
int air_contacts_meet(const altair_uv_link_peer *peer, const char *name,
		      struct contact *out);

/* Gives a peer another name; 0, or the exit code after a complaint. */
int air_contacts_rename(const char *name, const char *new_name);

/* Forgets a peer, by name; likewise. */
int air_contacts_forget(const char *name);

#endif
