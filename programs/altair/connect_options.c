/*
 * The options of `altair connect`, a row each: those of --peer, and those of a code,
 * a name or tickets.
 */
#define _GNU_SOURCE
#include "connect_options.h"

#define AT(member) offsetof(struct connect_options, member)

const struct option_row air_connect_rows[] = {
	{"peer", 0, OPTION_TEXT, "IP:PORT",
	 "the peer's public endpoint, [ADDRESS]:PORT for IPv6:\n"
	 "no code, neither authenticated nor encrypted",
	 AT(peer), 0, 0, 0},
	DIAL_CODE_FILE_ROW(struct connect_options, dial),
	{"manual", 0, OPTION_FLAG, NULL,
	 "without any server: exchange tickets with the peer", AT(dial.manual),
	 0, 0, 0},
	DIAL_AS_ROW(struct connect_options, dial.as),
	PROFILE_SERVER_ROWS(struct connect_options, dial.client),
	{"initiator", 0, OPTION_FLAG, NULL,
	 "this side sends PING first; one of the two should", AT(initiator), 0,
	 0, 0},
	{"secret", 0, OPTION_FLAG, NULL,
	 "both sides give the same secret: prove it, then\n"
	 "authenticate and encrypt. It is asked for, or is\n"
	 "in the environment's ALTAIR_SECRET",
	 AT(secret), 0, 0, 0},
	{"secret-file", 0, OPTION_TEXT, "FILE",
	 "the same, with the secret in the first line of this\n"
	 "file (-: of standard input)",
	 AT(secret_file), 0, 0, 0},
	{"stun", 0, OPTION_LIST, "HOST[:PORT]",
	 "ask this STUN server (repeatable; default: the\n"
	 "environment's ALTAIR_STUN or STUN_SERVER, else\n"
	 "stun.l.google.com:19302 and one more)",
	 AT(stun), 0, 0, 0},
	{"skip-test", 0, OPTION_FLAG, NULL, "skip the PING-PONG test",
	 AT(skip_test), 0, 0, 0},
	{"local-port", 0, OPTION_NUMBER, "N",
	 "use this local UDP port (default: the one that\n"
	 "discover used in the last two minutes)",
	 AT(local_port), 1, UINT16_MAX, 0},
	{"ipv4", '4', OPTION_FLAG, NULL, "IPv4 only", AT(only_ipv4), 0, 0, 0},
	{"ipv6", '6', OPTION_FLAG, NULL, "IPv6 only", AT(only_ipv6), 0, 0, 0},
	{"attempts", 0, OPTION_NUMBER, "N",
	 "attempts of 5 PUNCH each (default 5; 0: as many as\n"
	 "the timeout allows)",
	 AT(attempts), 0, 1000, 0},
	{"interval", 0, OPTION_TIME, "TIME",
	 "time between two PUNCH (default 400ms)", AT(interval), 10, 60000, 0},
	{"timeout", 0, OPTION_TIME, "TIME",
	 "give up after this time (default 10s; 400ms, 10s,\n"
	 "a bare number is seconds)",
	 AT(timeout), 10, 86400000, 0},
	{"json", 0, OPTION_FLAG, NULL, "write JSON Lines", AT(json), 0, 0, 0},
	{"raw", 0, OPTION_FLAG, NULL,
	 "show messages unescaped on a terminal, too", AT(raw), 0, 0, 0},
	{0},
};
