/*
 * order.h - one line of standard input of `altair agent`: what the script wants.
 */
#ifndef AIR_ORDER_H
#define AIR_ORDER_H

#include <altair/base.h>

#include <jansson.h>

enum order_kind {
	ORDER_REMOTE,
	ORDER_CANDIDATE,
	ORDER_END_OF_CANDIDATES,
	ORDER_GATHER,
	ORDER_SEND,
	ORDER_RESTART,
	ORDER_STATS,
	ORDER_CLOSE
};

/* The longest that base64 in a line can mean. It may be longer than what goes: that
 * is said when it is sent. */
#define ORDER_MESSAGE_MAX 12288

struct order {
	enum order_kind kind;
	const char *cmd;	 /* its name; NULL: not known */
	const char *ufrag, *pwd; /* REMOTE; they live as long as the order */
	bool is_lite;
	const char *candidate; /* CANDIDATE */
	altair_bytes message;  /* SEND */
	uint8_t bytes[ORDER_MESSAGE_MAX];
	json_t *json;
};

/* Reads a line. False: it is no order, `why` has a sentence without full stop. */
bool air_order_read(struct order *out, altair_bytes line, char *why,
		    size_t cap);

/* Frees what the order holds, also after false. */
void air_order_free(struct order *order);

#endif
