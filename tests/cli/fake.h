/*
 * fake.h - what the command talks to: STUN servers that answer as told, and a
 * peer in the test's hands. Written from the RFC and the guide, not from the
 * code under test.
 */
#ifndef CLI_FAKE_H
#define CLI_FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum fake_mode {
	FAKE_MAPPED,	   /* says `mapped`                                 */
	FAKE_LATE,	   /* the same, but to a repeated request only      */
	FAKE_SILENT,	   /* takes requests, never answers                 */
	FAKE_WRONG_ID,	   /* answers another transaction                   */
	FAKE_OTHER_SOURCE, /* answers from another port                     */
	FAKE_GARBAGE,	   /* answers with bytes that are no STUN           */
	FAKE_ERROR,	   /* answers with error 500                        */
	FAKE_EMPTY	   /* answers without any attribute                 */
};

struct fake {
	pid_t pid;
	char name[32]; /* "127.0.0.1:PORT" */
};

/* Starts a server on loopback; it says that we are 203.0.113.IP:PORT. */
void fake_start(struct fake *fake, enum fake_mode mode, uint8_t ip,
		uint16_t port);
void fake_stop(struct fake *fake);

/* A UDP socket on loopback. */
struct peer {
	int fd;
	uint16_t port;
	char name[32];	     /* "127.0.0.1:PORT" */
	uint16_t their_port; /* where the last datagram came from */
	char text[65536];
	size_t len;
};

void peer_open(struct peer *peer);
void peer_close(struct peer *peer);

/* Waits for the next datagram; false at the deadline. */
bool peer_receive(struct peer *peer);

/* Waits until a datagram equals `text`; others are passed over. */
bool peer_expect(struct peer *peer, const char *text);

/* Waits for the next datagram that is none of PUNCH, PING and PONG. */
bool peer_receive_message(struct peer *peer);

/* Sends to where the last datagram came from. */
void peer_send(struct peer *peer, const void *data, size_t len);
void peer_say(struct peer *peer, const char *word);

#endif
