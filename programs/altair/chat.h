/*
 * chat.h - what listen, connect and ping have in common: links to peers, what is
 * said of them, and the session, where lines of stdin become messages and messages
 * lines of stdout.
 */
#ifndef AIR_CHAT_H
#define AIR_CHAT_H

#include "chat_report.h"
#include "profile.h"
#include "contacts.h"
#include "prompt.h"
#include "run.h"
#include "self.h"

#define CHAT_LINKS_MAX 64

struct chat_link {
	struct chat *chat;
	altair_uv_link *link; /* NULL: there is none here             */
	bool is_introduced, is_connected, is_closing, has_pair;
	altair_uv_link_peer peer;
	struct contact contact; /* name empty: not known by name      */
	struct chat_count count;
	altair_time began; /* of the connection, by the run's clock   */
};

struct chat {
	struct run *run;
	struct chat_report report;
	struct profile profile;
	struct self self;
	struct contacts contacts;
	struct input *input; /* its owner opens it and closes it      */
	struct prompt prompt;
	altair_uv_link_config config;
	struct chat_link link[CHAT_LINKS_MAX];
	size_t links;	   /* that are open or closing                    */
	bool keeps;	   /* goes on when one peer has gone              */
	unsigned guesses;  /* meetings in a row that failed           */
	altair_time pause; /* before the next link; 0: none           */
	uv_timer_t again;  /* of the pause; `data` NULL: not yet made */
	int unopened;	   /* why there is no link, or 0; it was said */
	const char *as;	   /* what to call a new peer                    */
	bool is_typing;	   /* stdin is read for messages                 */
	bool was_reached, is_server_lost;
	void (*shown)(void *user); /* a code or ticket was; may be NULL */
	/* Instead of the session, for ping; NULL: the session. */
	void (*connected)(void *user, struct chat_link *link);
	void (*pong)(void *user, struct chat_link *link, altair_bytes rest);
	void *user;
	struct chat_link *named; /* whose name is asked for           */
	uv_timer_t patience;
	bool is_late;
};

/* Reads which server to use, if any, and whom we know. 0, or the exit code after a
 * complaint. */
int air_chat_learn(struct chat *chat, const struct command *command,
		   const struct profile_options *options);

/* Reads who we are, and fills `config` but for its way; without a server if there
 * is none. 0, or the exit code after a complaint. */
int air_chat_begin(struct chat *chat);

/* Opens a link by `config`. 0, or the exit code after a complaint. */
int air_chat_open(struct chat *chat);

/* Sends "ping" and what is behind it; the other one answers "pong" and the same. */
int air_chat_ping(struct chat_link *link, const char *rest);

/* Says how it ended, where there was a session: for a signal. */
void air_chat_stop(struct chat *chat, const char *reason);

/* Closes all links, and waits until they have told the other side, for two seconds
 * at most. */
void air_chat_close(struct chat *chat);

#endif
