/*
 * The binding server (RFC 8489 6.3.1): datagrams in, answers out, nothing kept.
 *
 * All answers of one altair_input go into one buffer, one behind the other.
 * Neighbours of equal length on the same path leave as one merged burst, so the
 * answers to a merged burst do, too. Invariant: the bytes of burst i are
 * buffer[at, at + len), and only the last burst is still open to grow.
 *
 * The success to a plain request is built once, at init, for port 0, IP 0 and
 * transaction id 0. RFC 8489 14.2 XORs all of these into the answer, so those of
 * a client and of a request are XORed on top of it.
 */
#include "base/addr.h"
#include "base/arena.h"
#include "base/machine.h"
#include "stun/auth.h"

#include <altair/server.h>

#include <string.h>

/* Attributes of other usages are known but unexpected, hence ignored (RFC 8489
 * 6.3); what RFC 5780 adds changes where the answer goes, and is refused. */
#define UNDERSTOOD (AIR_STUN_SET_BASE | AIR_STUN_SET_TURN | AIR_STUN_SET_ICE)

/* A longer request is no Binding request of any client, only work for us. */
#define REQUEST_MAX 2048

/* Header and XOR-MAPPED-ADDRESS: its port comes just before its IP. */
#define SUCCESS_MIN 32
#define SUCCESS_MAX 44
#define SUCCESS_IP_AT 28
#define FINGERPRINT_LEN 8

/* The most segments that every kernel with UDP_SEGMENT sends in one call. */
#define SEGMENTS_MAX 64

#define BATCH_LIMIT 4096
#define BUFFER_LIMIT (16u << 20)

struct burst {
	uint32_t path; /* index into `paths` */
	uint32_t at, len;
	uint32_t segment;
	uint32_t segments;
	bool is_closed; /* its last segment is shorter */
};

/* What all answers to one datagram have in common. */
struct client {
	uint32_t path;
	altair_addr from;
	uint8_t success[SUCCESS_MAX];
	size_t success_len;
};

struct altair_server {
	struct altair_machine machine;
	size_t batch_max;
	altair_path *paths; /* of the present batch */
	struct burst *bursts;
	uint32_t burst_count, burst_polled;
	uint8_t *buffer;
	size_t buffer_len, used;
	uint8_t to_ipv4[SUCCESS_MIN], to_ipv6[SUCCESS_MAX]; /* to nobody */
	altair_server_stats stats;
};

/* Room for one answer. */
struct room {
	uint8_t *at;
	size_t len;
};

/* --- answers ------------------------------------------------------------- */

static void begin(struct air_stun_builder *b, struct room room,
		  const struct air_stun_header *request,
		  enum air_stun_class class)
{
	struct air_stun_header header = *request;

	header.class = class;
	air_stun_build(b, room.at, room.len, &header);
}

/* The length of the finished answer, 0 when there is no room for it. */
static size_t end(struct air_stun_builder *b, bool with_fingerprint)
{
	if (with_fingerprint)
		air_stun_build_fingerprint(b);
	return air_stun_build_end(b).len;
}

static size_t write_success(struct room room,
			    const struct air_stun_header *request,
			    const altair_addr *from, bool with_fingerprint)
{
	struct air_stun_value mapped = {.addr = *from};
	struct air_stun_builder b;

	begin(&b, room, request, AIR_STUN_SUCCESS);
	air_stun_build_attr(&b, AIR_STUN_XOR_MAPPED_ADDRESS, &mapped);
	return end(&b, with_fingerprint);
}

/* 420 and the attributes that were not understood (RFC 8489 6.3.1): at most one
 * and a half times the request, less than a success takes. */
static size_t write_refusal(struct room room, const struct air_stun_message *m,
			    bool with_fingerprint)
{
	struct air_stun_value error = {.number = AIR_STUN_UNKNOWN_ATTRIBUTE};
	uint8_t list[2 * AIR_STUN_ATTRS_MAX];
	struct air_writer w = air_writer(list, sizeof list);
	struct air_stun_value types;
	struct air_stun_builder b;

	for (size_t i = 0; i < m->unknown_count; i++)
		air_write_u16(&w, m->unknown[i]);
	types.bytes = air_written(&w);
	begin(&b, room, &m->header, AIR_STUN_ERROR);
	air_stun_build_attr(&b, AIR_STUN_ERROR_CODE, &error);
	air_stun_build_attr(&b, AIR_STUN_UNKNOWN_ATTRIBUTES, &types);
	return end(&b, with_fingerprint);
}

/* --- the queue ----------------------------------------------------------- */

static struct room room_left(const struct altair_server *s)
{
	return (struct room){s->buffer + s->used, s->buffer_len - s->used};
}

static bool extends(const struct burst *b, uint32_t path, size_t len)
{
	return b->path == path && !b->is_closed && len <= b->segment &&
	       b->segments < SEGMENTS_MAX;
}

/* Queues the answer of `len` bytes that was written at room_left. */
static void queue(struct altair_server *s, uint32_t path, size_t len)
{
	struct burst *next = &s->bursts[s->burst_count];

	if (s->burst_count > 0 && extends(next - 1, path, len)) {
		next[-1].len += (uint32_t)len;
		next[-1].segments++;
		next[-1].is_closed = len < next[-1].segment;
	} else {
		*next = (struct burst){.path = path,
				       .at = (uint32_t)s->used,
				       .len = (uint32_t)len,
				       .segment = (uint32_t)len,
				       .segments = 1};
		s->burst_count++;
	}
	s->used += len;
}

/* --- requests ------------------------------------------------------------ */

/* A Binding request without attributes, up to its transaction id. */
static const uint8_t plain[] = {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42};

static bool is_plain(altair_bytes request)
{
	return request.len == AIR_STUN_HEADER_LEN &&
	       memcmp(request.data, plain, sizeof plain) == 0;
}

static bool answer_plain(struct altair_server *s, const struct client *client,
			 altair_bytes request)
{
	const uint8_t *transaction = request.data + sizeof plain;
	struct room room = room_left(s);

	if (room.len < client->success_len)
		return false;
	memcpy(room.at, client->success, client->success_len);
	memcpy(room.at + sizeof plain, transaction, AIR_STUN_TRANSACTION_LEN);
	for (size_t i = SUCCESS_MIN; i < client->success_len; i++)
		room.at[i] ^= transaction[i - SUCCESS_MIN];
	queue(s, client->path, client->success_len);
	s->stats.requests++;
	return true;
}

static bool answer_any(struct altair_server *s, const struct client *client,
		       altair_bytes request)
{
	struct air_stun_message m;
	bool fingerprint;
	size_t len;

	if (request.len > REQUEST_MAX ||
	    !air_stun_message_read(&m, request, UNDERSTOOD) ||
	    m.header.class != AIR_STUN_REQUEST ||
	    m.header.method != AIR_STUN_BINDING)
		return false;
	fingerprint = air_stun_message_place(&m, AIR_STUN_FINGERPRINT);
	if (fingerprint && !air_stun_check_fingerprint(&m))
		return false;
	len = m.unknown_count > 0 ? write_refusal(room_left(s), &m, fingerprint)
				  : write_success(room_left(s), &m.header,
						  &client->from, fingerprint);
	if (len == 0)
		return false;
	queue(s, client->path, len);
	if (m.unknown_count > 0)
		s->stats.errors++;
	else
		s->stats.requests++;
	return true;
}

/* False for a source that nobody can be, or one datagram too many. */
static bool know(struct altair_server *s, size_t index, const altair_path *path,
		 struct client *client)
{
	size_t ip_len = air_addr_ip_len(&path->remote);

	if (index >= s->batch_max || path->remote.port == 0 || ip_len == 0)
		return false;
	s->paths[index] = *path;
	client->path = (uint32_t)index;
	client->from = air_addr_canonical(&path->remote);
	ip_len = air_addr_ip_len(&client->from);
	client->success_len = SUCCESS_IP_AT + ip_len;
	memcpy(client->success, ip_len == 4 ? s->to_ipv4 : s->to_ipv6,
	       client->success_len);
	client->success[SUCCESS_IP_AT - 2] ^= (uint8_t)(client->from.port >> 8);
	client->success[SUCCESS_IP_AT - 1] ^= (uint8_t)client->from.port;
	for (size_t i = 0; i < ip_len; i++)
		client->success[SUCCESS_IP_AT + i] ^= client->from.ip[i];
	return true;
}

static void serve(struct altair_server *s, size_t index,
		  altair_datagram *datagram)
{
	altair_bytes left = datagram->bytes;
	size_t segment = datagram->segment ? datagram->segment : left.len;
	struct client client;
	bool is_known = know(s, index, &datagram->path, &client);

	datagram->verdict = ALTAIR_NOT_MINE;
	do {
		altair_bytes request = left;
		bool answered;

		if (request.len > segment)
			request.len = segment;
		answered =
			is_known &&
			(is_plain(request) ? answer_plain(s, &client, request)
					   : answer_any(s, &client, request));
		if (answered)
			datagram->verdict = ALTAIR_TAKEN;
		else
			s->stats.ignored++;
		left.data += request.len;
		left.len -= request.len;
	} while (left.len > 0);
}

static void server_input(altair_machine *machine, altair_time now,
			 altair_datagram *batch, size_t count)
{
	struct altair_server *s = (struct altair_server *)machine;

	(void)now;
	s->used = 0;
	s->burst_count = 0;
	s->burst_polled = 0;
	for (size_t i = 0; i < count; i++)
		serve(s, i, &batch[i]);
}

static void server_tick(altair_machine *machine, altair_time now)
{
	(void)machine;
	(void)now;
}

static enum altair_step server_poll(altair_machine *machine, altair_output *out)
{
	struct altair_server *s = (struct altair_server *)machine;
	const struct burst *b = &s->bursts[s->burst_polled];

	if (s->burst_polled == s->burst_count) {
		out->deadline = ALTAIR_NEVER;
		return ALTAIR_WAIT;
	}
	s->burst_polled++;
	out->datagram.path = s->paths[b->path];
	out->datagram.bytes = (altair_bytes){s->buffer + b->at, b->len};
	out->datagram.segment = b->segments > 1 ? b->segment : 0;
	out->datagram.verdict = ALTAIR_NOT_MINE;
	return ALTAIR_SEND;
}

static const struct air_machine_ops ops = {server_input, server_tick,
					   server_poll};

/* --- the public functions ------------------------------------------------ */

void altair_server_config_default(altair_server_config *config)
{
	memset(config, 0, sizeof *config);
	config->size = sizeof *config;
	config->batch_max = 32;
	config->buffer_len = 128u << 10;
}

static bool is_valid(const altair_server_config *config)
{
	return config->size == sizeof *config && config->batch_max > 0 &&
	       config->batch_max <= BATCH_LIMIT &&
	       config->buffer_len >= SUCCESS_MAX + FINGERPRINT_LEN &&
	       config->buffer_len <= BUFFER_LIMIT;
}

/* Lays the server out; into `scratch` when the arena only measures. */
static struct altair_server *lay_out(struct air_arena *arena,
				     const altair_server_config *config,
				     struct altair_server *scratch)
{
	struct altair_server *s = air_arena_take(arena, 1, sizeof *s);

	if (!s)
		s = scratch;
	s->paths = air_arena_take(arena, config->batch_max, sizeof *s->paths);
	s->bursts = air_arena_take(arena, config->buffer_len / SUCCESS_MIN + 1,
				   sizeof *s->bursts);
	s->buffer = air_arena_take(arena, config->buffer_len, 1);
	return s;
}

size_t altair_server_size(const altair_server_config *config)
{
	struct air_arena arena = {0};
	struct altair_server scratch;

	if (!is_valid(config))
		return 0;
	lay_out(&arena, config, &scratch);
	return arena.used;
}

static void prepare_success(uint8_t *out, size_t len, enum altair_family family)
{
	static const struct air_stun_header no_request = {
		.method = AIR_STUN_BINDING};
	altair_addr nobody = {.family = (uint8_t)family};

	write_success((struct room){out, len}, &no_request, &nobody, false);
}

int altair_server_init(altair_server **out, void *mem, size_t len,
		       const altair_server_config *config, altair_time now)
{
	struct air_arena arena = {mem, len, 0, false};
	struct altair_server scratch, *s;

	(void)now;
	if (!is_valid(config))
		return ALTAIR_E_INVALID;
	s = lay_out(&arena, config, &scratch);
	if (arena.failed)
		return ALTAIR_E_SPACE;
	s->machine.ops = &ops;
	s->batch_max = config->batch_max;
	s->buffer_len = config->buffer_len;
	prepare_success(s->to_ipv4, sizeof s->to_ipv4, ALTAIR_IPV4);
	prepare_success(s->to_ipv6, sizeof s->to_ipv6, ALTAIR_IPV6);
	*out = s;
	return 0;
}

altair_machine *altair_server_machine(altair_server *server)
{
	return &server->machine;
}

void altair_server_get_stats(const altair_server *server,
			     altair_server_stats *out)
{
	*out = server->stats;
	out->size = sizeof *out;
}
