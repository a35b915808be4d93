/* The guide's three wire messages: whole datagrams of plain ASCII. */
#ifndef AIR_WORD_H
#define AIR_WORD_H

#include <altair/base.h>

enum air_word { WORD_NONE, WORD_PUNCH, WORD_PING, WORD_PONG };

enum air_word air_word_read(altair_bytes datagram);
altair_bytes air_word_bytes(enum air_word word);

#endif
