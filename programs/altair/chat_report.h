/*
 * chat_report.h - everything that listen, connect and ping say about links: to
 * people, or as JSON Lines. One function for each thing that can happen.
 */
#ifndef AIR_CHAT_REPORT_H
#define AIR_CHAT_REPORT_H

#include "contacts.h"
#include "run.h"

#include <altair/uv_link.h>

struct chat_report {
	const struct run *run;
	bool json, raw;
	bool names;	/* several peers: a message says whose it is */
	unsigned shown; /* codes and tickets, so far             */
};

struct chat_count {
	uint64_t messages_out, bytes_out, messages_in, bytes_in;
};

/* The code, or with `is_ticket` our ticket. */
void air_chat_report_show(struct chat_report *r, const char *text,
			  bool is_ticket);
void air_chat_report_waiting(const struct chat_report *r,
			     const struct contacts *peers);
/* The server is away (a sentence why), or there again (NULL). */
void air_chat_report_server(const struct chat_report *r, const char *why);
void air_chat_report_introduced(const struct chat_report *r,
				const altair_uv_link_peer *peer);
void air_chat_report_connected(const struct chat_report *r,
			       const struct contact *peer,
			       const altair_agent_pair *path);
void air_chat_report_path(const struct chat_report *r,
			  const struct contact *peer,
			  const altair_agent_pair *path);
void air_chat_report_silent(const struct chat_report *r,
			    const struct contact *peer, bool is_silent);
void air_chat_report_message(const struct chat_report *r,
			     const struct contact *peer, altair_bytes message);
void air_chat_report_pong(const struct chat_report *r, unsigned number,
			  const altair_agent_pair *path, altair_time rtt);
void air_chat_report_lost(const struct chat_report *r, unsigned number);
/* The end of a connection: signal, end-of-input, or peer. */
void air_chat_report_closed(const struct chat_report *r,
			    const struct contact *peer, const char *reason,
			    const struct chat_count *count,
			    altair_time duration);

/* A failure: a sentence on stderr, with JSON also the event. Returns `code`. */
int air_chat_report_failure(const struct chat_report *r, int code,
			    const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
