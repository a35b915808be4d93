/*
 * A post is its kind, a fixed head with every field that posts have, and a body. All
 * nodes of a directory are of one version: another length is no post.
 */
#include "rendezvous/post.h"

#include "base/cursor.h"

#define VERSION 1

void air_post_send(altair_rendezvous *r, const uint8_t *node,
		   enum air_post_kind kind, const altair_note *fields)
{
	struct air_writer w = air_writer(r->post, sizeof r->post);
	altair_note post = {0};

	if (!r->is_up ||
	    memcmp(node, r->config.node, sizeof r->config.node) == 0)
		return;
	air_write_u8(&w, VERSION);
	air_write_u8(&w, (uint8_t)kind);
	air_write_bytes(&w, (altair_bytes){fields->token, 16});
	air_write_bytes(&w, (altair_bytes){fields->mailbox, 16});
	air_write_bytes(&w, (altair_bytes){fields->pair, 16});
	air_write_bytes(&w, (altair_bytes){fields->key, 32});
	air_write_u32(&w, fields->nameplate);
	air_write_u32(&w, fields->number);
	air_write_u8(&w, (uint8_t)fields->refusal);
	air_write_u8(&w, fields->is_caller);
	air_write_u8(&w, fields->failed);
	air_write_bytes(&w, fields->body);
	post.body = air_written(&w);
	memcpy(post.mailbox, node, sizeof post.mailbox);
	if (air_queue_push(&r->pool, &r->posts, &post, AIR_POSTS_MAX))
		r->stats.posts++;
}

bool air_post_read(altair_bytes bytes, enum air_post_kind *kind,
		   altair_note *out)
{
	struct air_reader reader = air_reader(bytes);
	altair_bytes token, mailbox, pair, key;
	uint8_t version = air_read_u8(&reader);

	*kind = (enum air_post_kind)air_read_u8(&reader);
	token = air_read_bytes(&reader, sizeof out->token);
	mailbox = air_read_bytes(&reader, sizeof out->mailbox);
	pair = air_read_bytes(&reader, sizeof out->pair);
	key = air_read_bytes(&reader, sizeof out->key);
	*out = (altair_note){.nameplate = air_read_u32(&reader), .number = 0};
	out->number = air_read_u32(&reader);
	out->refusal = (enum altair_refusal)air_read_u8(&reader);
	out->is_caller = air_read_u8(&reader);
	out->failed = air_read_u8(&reader);
	if (reader.failed || version != VERSION ||
	    reader.len > ALTAIR_NOTE_BODY_MAX)
		return false;
	memcpy(out->token, token.data, token.len);
	memcpy(out->mailbox, mailbox.data, mailbox.len);
	memcpy(out->pair, pair.data, pair.len);
	memcpy(out->key, key.data, key.len);
	out->body = air_read_bytes(&reader, reader.len);
	out->has_token = true;
	return true;
}
