/*
 * A note is its head and its body, in a list of blocks; the first block of each note
 * has the link to the next note. Texts of a welcome, signatures and public keys are
 * not kept: what waits has none.
 */
#include "rendezvous/queue.h"

#include "base/assert.h"

#include <string.h>

#define BLOCK 256
#define FIRST_MAX (BLOCK - sizeof(struct head))
#define MORE_MAX (BLOCK - sizeof(uint32_t))

/* What is kept of a note besides its body. */
struct head {
	uint32_t more;	    /* block + 1 with the next part of this note */
	uint32_t next_note; /* block + 1 */
	uint32_t body_len;
	uint32_t type, nameplate, number, seconds, refusal;
	uint8_t has_token, is_caller, failed;
	uint8_t token[ALTAIR_NOTE_ID_LEN];
	uint8_t mailbox[ALTAIR_NOTE_ID_LEN];
	uint8_t pair[ALTAIR_NOTE_ID_LEN];
	uint8_t key[ALTAIR_NOTE_KEY_LEN]; /* or the nonce of a welcome */
};

void air_queue_pool_init(struct air_store *pool, struct air_arena *arena,
			 size_t len)
{
	air_store_init(pool, arena, (uint32_t)(len / BLOCK), BLOCK);
}

static size_t blocks_for(size_t body_len)
{
	if (body_len <= FIRST_MAX)
		return 1;
	return 1 + (body_len - FIRST_MAX + MORE_MAX - 1) / MORE_MAX;
}

static struct head head_of(const altair_note *note)
{
	struct head head = {
		.body_len = (uint32_t)note->body.len,
		.type = (uint32_t)note->type,
		.nameplate = note->nameplate,
		.number = note->number,
		.seconds = note->seconds,
		.refusal = (uint32_t)note->refusal,
		.has_token = note->has_token,
		.is_caller = note->is_caller,
		.failed = note->failed,
	};

	memcpy(head.token, note->token, sizeof head.token);
	memcpy(head.mailbox, note->mailbox, sizeof head.mailbox);
	memcpy(head.pair, note->pair, sizeof head.pair);
	memcpy(head.key,
	       note->type == ALTAIR_NOTE_WELCOME ? note->nonce : note->key,
	       sizeof head.key);
	return head;
}

static void note_of(const struct head *head, altair_note *out)
{
	*out = (altair_note){
		.type = (enum altair_note_type)head->type,
		.nameplate = head->nameplate,
		.number = head->number,
		.seconds = head->seconds,
		.refusal = (enum altair_refusal)head->refusal,
		.has_token = head->has_token,
		.is_caller = head->is_caller,
		.failed = head->failed,
	};
	memcpy(out->token, head->token, sizeof head->token);
	memcpy(out->mailbox, head->mailbox, sizeof head->mailbox);
	memcpy(out->pair, head->pair, sizeof head->pair);
	memcpy(out->type == ALTAIR_NOTE_WELCOME ? out->nonce : out->key,
	       head->key, sizeof head->key);
}

/* Writes what of the body does not fit into the first block. */
static uint32_t write_more(struct air_store *pool, altair_bytes rest)
{
	uint32_t first = 0, before = AIR_NONE;

	while (rest.len > 0) {
		uint32_t block = air_store_take(pool), link = block + 1;
		size_t len = rest.len < MORE_MAX ? rest.len : MORE_MAX;
		uint8_t *at = air_store_at(pool, block);

		memcpy(at + sizeof link, rest.data, len);
		rest = (altair_bytes){rest.data + len, rest.len - len};
		if (before == AIR_NONE)
			first = link;
		else
			memcpy(air_store_at(pool, before), &link, sizeof link);
		before = block;
	}
	return first;
}

bool air_queue_push(struct air_store *pool, struct air_queue *queue,
		    const altair_note *note, size_t limit)
{
	size_t blocks = blocks_for(note->body.len);
	size_t len = note->body.len < FIRST_MAX ? note->body.len : FIRST_MAX;
	struct head head = head_of(note);
	uint32_t block;
	uint8_t *at;

	if (queue->bytes + blocks * BLOCK > limit ||
	    blocks > pool->count - pool->used)
		return false;
	block = air_store_take(pool);
	if (note->body.len > len)
		head.more =
			write_more(pool, (altair_bytes){note->body.data + len,
							note->body.len - len});
	at = air_store_at(pool, block);
	memcpy(at, &head, sizeof head);
	if (len > 0)
		memcpy(at + sizeof head, note->body.data, len);
	queue->bytes += blocks * BLOCK;
	if (queue->last) {
		struct head last;

		at = air_store_at(pool, queue->last - 1);
		memcpy(&last, at, sizeof last);
		last.next_note = block + 1;
		memcpy(at, &last, sizeof last);
	} else {
		queue->first = block + 1;
	}
	queue->last = block + 1;
	return true;
}

/* Gives the blocks of a note back; `body`, if any, gets what is in them. */
static void read_more(struct air_store *pool, uint32_t link, uint8_t *body,
		      size_t len)
{
	while (link) {
		uint32_t block = link - 1;
		size_t part = len < MORE_MAX ? len : MORE_MAX;
		const uint8_t *at = air_store_at(pool, block);

		memcpy(&link, at, sizeof link);
		if (body) {
			memcpy(body, at + sizeof link, part);
			body += part;
		}
		len -= part;
		air_store_give(pool, block);
	}
}

/* Takes the first note away; what `out` and `body` want of it goes there. */
static bool take_first(struct air_store *pool, struct air_queue *queue,
		       altair_note *out, uint8_t *body)
{
	uint32_t block = queue->first - 1;
	struct head head;
	const uint8_t *at;
	size_t len;

	if (!queue->first)
		return false;
	at = air_store_at(pool, block);
	memcpy(&head, at, sizeof head);
	len = head.body_len < FIRST_MAX ? head.body_len : FIRST_MAX;
	if (body && len > 0)
		memcpy(body, at + sizeof head, len);
	read_more(pool, head.more, body ? body + len : NULL,
		  head.body_len - len);
	air_store_give(pool, block);
	if (out) {
		note_of(&head, out);
		out->body = (altair_bytes){body, head.body_len};
	}
	queue->bytes -= blocks_for(head.body_len) * BLOCK;
	queue->first = head.next_note;
	if (!queue->first)
		queue->last = 0;
	return true;
}

bool air_queue_pop(struct air_store *pool, struct air_queue *queue,
		   altair_note *out, uint8_t *body)
{
	return take_first(pool, queue, out, body);
}

void air_queue_clear(struct air_store *pool, struct air_queue *queue)
{
	while (take_first(pool, queue, NULL, NULL))
		;
	AIR_ASSERT(queue->bytes == 0);
}
