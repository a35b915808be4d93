/*
 * Responses of TURN. Signed with the key that proved the request, or, where
 * nothing was proved (400, 401, 438), not at all; then without FINGERPRINT, too,
 * so that nobody uses us to send more than a challenge needs.
 */
#include "server/response.h"

#include "stun/auth.h"

void air_response_begin(struct air_response *r, struct altair_server *server,
			const altair_path *path,
			const struct air_server_key *key,
			const struct air_stun_header *request)
{
	struct air_server_room room = air_server_outbox_room(&server->out);
	struct air_stun_header header = *request;

	header.class = AIR_STUN_SUCCESS;
	r->server = server;
	r->path = path;
	r->key = key;
	air_stun_build(&r->b, room.at, room.len, &header);
}

void air_response_fail(struct air_response *r, int code)
{
	struct air_stun_value error = {.number = (uint64_t)code};

	r->b.header.class = AIR_STUN_ERROR;
	air_stun_build(&r->b, r->b.w.data, r->b.w.cap, &r->b.header);
	air_stun_build_attr(&r->b, AIR_STUN_ERROR_CODE, &error);
}

void air_response_add(struct air_response *r, uint16_t type,
		      const struct air_stun_value *value)
{
	air_stun_build_attr(&r->b, type, value);
}

void air_response_add_number(struct air_response *r, uint16_t type,
			     uint64_t number)
{
	struct air_stun_value value = {.number = number};

	air_stun_build_attr(&r->b, type, &value);
}

static void sign(struct air_response *r)
{
	altair_bytes key = {r->key->bytes, r->key->len};

	if (r->key->len == 0)
		return;
	if (r->key->is_sha256)
		air_stun_build_sha256(&r->b, r->server->crypto, key,
				      AIR_STUN_SHA256_LEN);
	else
		air_stun_build_sha1(&r->b, r->server->crypto, key);
	if (r->key->with_fingerprint)
		air_stun_build_fingerprint(&r->b);
}

void air_response_end(struct air_response *r)
{
	struct altair_server *s = r->server;
	uint32_t path;
	size_t len;

	sign(r);
	len = air_stun_build_end(&r->b).len;
	path = air_server_outbox_path(&s->out, r->path);
	if (len == 0 || path == AIR_SERVER_NO_PATH) {
		s->stats.ignored++;
		return;
	}
	air_server_outbox_queue(&s->out, path, len);
	if (r->b.header.class == AIR_STUN_SUCCESS)
		s->stats.requests++;
	else
		s->stats.errors++;
}
