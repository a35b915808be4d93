#include "punch/word.h"

#include "base/assert.h"
#include "base/cursor.h"

static const char *const words[] = {
	[WORD_PUNCH] = "PUNCH", [WORD_PING] = "PING", [WORD_PONG] = "PONG"};

altair_bytes air_word_bytes(enum air_word word)
{
	AIR_ASSERT(word >= WORD_PUNCH && word <= WORD_PONG);
	return air_text(words[word]);
}

enum air_word air_word_read(altair_bytes datagram)
{
	for (enum air_word w = WORD_PUNCH; w <= WORD_PONG; w++) {
		if (air_bytes_equal(datagram, air_word_bytes(w)))
			return w;
	}
	return WORD_NONE;
}
