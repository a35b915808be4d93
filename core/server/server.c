/*
 * The server as a machine: what a datagram is, what leaves in which order, and
 * how the memory is laid out.
 *
 * Binding requests come first and touch nothing but the output. The order of
 * what is polled: ports to open, for the answers wait for them; then what is
 * sent; then ports and streams to close, for something may still have to leave
 * there.
 */
#include "base/addr.h"
#include "server/allocate.h"
#include "server/config.h"
#include "server/mobility.h"
#include "server/relay.h"
#include "server/request.h"
#include "stun/auth.h"

#include <altair/error.h>

#include <string.h>

/* Attributes of other usages are known but unexpected, hence ignored (RFC 8489
 * 6.3); what RFC 5780 adds changes where the answer goes, and is refused where
 * there is no other address (RFC 5780 6). */
#define UNDERSTOOD (AIR_STUN_SET_BASE | AIR_STUN_SET_TURN | AIR_STUN_SET_ICE)

/* A longer request is none of any client, only work for us. */
#define REQUEST_MAX 2048

/* A challenge has three times the bytes at most (our own limit); a request that
 * needs one is longer than this anyway. */
#define CHALLENGED_MIN 27

#define POOL_PART 4 /* permissions, channels of an allocation on average */
#define RESERVATIONS_MIN 16 /* and one more for so many allocations: */
#define RESERVATIONS_PART 16

/* What all answers to one datagram have in common. */
struct client {
	const altair_path *path;
	uint32_t number; /* of the path, AIR_SERVER_NO_PATH until needed */
	bool is_known;
	bool is_alternate; /* RFC 5780 is spoken where it has come */
	struct air_binding_client binding;
	/* For data, as long as no other message may have ended it. */
	struct air_allocation *allocation;
};

/* --- input --------------------------------------------------------------- */

/* Queues an answer of the binding server. */
static bool queue(struct altair_server *s, struct client *client, size_t len)
{
	if (len > 0 && client->number == AIR_SERVER_NO_PATH)
		client->number = air_server_outbox_path(&s->out, client->path);
	if (len == 0 || client->number == AIR_SERVER_NO_PATH)
		return false;
	air_server_outbox_queue(&s->out, client->number, len);
	return true;
}

static bool answer_plain(struct altair_server *s, struct client *client,
			 altair_bytes request)
{
	if (!queue(s, client,
		   air_binding_answer_plain(&client->binding, request,
					    air_server_outbox_room(&s->out))))
		return false;
	s->stats.requests++;
	return true;
}

static bool answer_binding(struct altair_server *s, struct client *client,
			   const struct air_stun_message *m)
{
	if (!queue(s, client,
		   air_binding_answer(&client->binding, m,
				      air_server_outbox_room(&s->out))))
		return false;
	if (m->unknown_count > 0)
		s->stats.errors++;
	else
		s->stats.requests++;
	return true;
}

/* The answer may leave another way than the other answers to this client. */
static bool answer_alternate(struct altair_server *s, altair_time now,
			     struct client *client,
			     const struct air_stun_message *m)
{
	struct air_alternate_answer answer = {
		.room = air_server_outbox_room(&s->out), .path = *client->path};
	struct client other = {.path = &answer.path,
			       .number = AIR_SERVER_NO_PATH};

	air_alternate_take(&s->alternates, now, m, &answer);
	if (!queue(s, &other, answer.len))
		return false;
	if (answer.is_error)
		s->stats.errors++;
	else
		s->stats.requests++;
	return true;
}

static bool take_request(struct altair_server *s, altair_time now,
			 struct client *client,
			 const struct air_stun_message *m)
{
	if (m->bytes.len > REQUEST_MAX)
		return false;
	if (m->header.method == AIR_STUN_BINDING && client->is_alternate &&
	    m->unknown_count == 0)
		return answer_alternate(s, now, client, m);
	if (m->header.method == AIR_STUN_BINDING)
		return answer_binding(s, client, m);
	return s->relays && m->bytes.len >= CHALLENGED_MIN &&
	       air_server_request_take(s, now, client->path, m);
}

static bool take_stun(struct altair_server *s, altair_time now,
		      struct client *client, altair_bytes bytes)
{
	unsigned more = client->is_alternate ? AIR_STUN_SET_BEHAVIOUR : 0;
	struct air_stun_message m;

	if (!air_stun_message_read(&m, bytes, UNDERSTOOD | more) ||
	    !air_stun_is_intact(&m)) {
		/* Nonsense ends a stream. */
		air_server_stream_shut(s, client->path->sock);
		return false;
	}
	if (m.header.class == AIR_STUN_REQUEST)
		return take_request(s, now, client, &m);
	return m.header.class == AIR_STUN_INDICATION &&
	       m.header.method == AIR_STUN_SEND &&
	       air_relay_take_send(s, client->path, &m);
}

/* A burst's client is looked up once. */
static bool take_channel(struct altair_server *s, struct client *client,
			 altair_bytes bytes)
{
	if (!client->allocation)
		client->allocation = air_relay_find(s, client->path);
	if (!client->allocation)
		return false;
	air_relay_take_channel(s, client->allocation, bytes);
	return true;
}

static bool take(struct altair_server *s, altair_time now,
		 struct client *client, altair_bytes bytes)
{
	if (!client->is_known)
		return false;
	if (!client->is_alternate && air_binding_is_plain(bytes))
		return answer_plain(s, client, bytes);
	if (air_relay_is_channel(bytes))
		return take_channel(s, client, bytes);
	client->allocation = NULL;
	return take_stun(s, now, client, bytes);
}

/* Not known is a source that nobody can be. */
static void know(struct altair_server *s, const altair_path *path,
		 struct client *client)
{
	altair_addr from = air_addr_canonical(&path->remote);

	client->path = path;
	client->number = AIR_SERVER_NO_PATH;
	client->allocation = NULL;
	client->is_known = from.port != 0 && air_addr_ip_len(&from) != 0 &&
			   air_server_stream_lives(&s->streams, path->sock);
	client->is_alternate = air_alternate_has(&s->alternates, path->sock);
	if (client->is_known)
		air_binding_prepare(&s->binding, &from, &client->binding);
}

/* A datagram's next part of at most `segment` bytes. */
static altair_bytes cut(altair_bytes *left, size_t segment)
{
	altair_bytes part = *left;

	if (part.len > segment)
		part.len = segment;
	left->data += part.len;
	left->len -= part.len;
	return part;
}

static void serve(struct altair_server *s, altair_time now,
		  altair_datagram *datagram)
{
	altair_bytes left = datagram->bytes;
	size_t segment = datagram->segment ? datagram->segment : left.len;
	struct client client;

	know(s, &datagram->path, &client);
	do {
		if (take(s, now, &client, cut(&left, segment)))
			datagram->verdict = ALTAIR_TAKEN;
		else
			s->stats.ignored++;
	} while (left.len > 0);
}

static void serve_peer(struct altair_server *s, altair_datagram *datagram)
{
	altair_bytes left = datagram->bytes;
	size_t segment = datagram->segment ? datagram->segment : left.len;
	struct air_relay_source source = air_relay_meet(s, &datagram->path);

	datagram->verdict = ALTAIR_TAKEN;
	do
		air_relay_take_peer(s, &source, cut(&left, segment));
	while (left.len > 0);
}

static void expire(struct altair_server *s, altair_time now)
{
	uint32_t timer;

	while (s->relays && air_heap_pop(&s->timers, now, &timer))
		air_allocation_expire(&s->allocations, timer);
	air_server_stream_expire(s, now);
}

static void server_input(altair_machine *machine, altair_time now,
			 altair_datagram *batch, size_t count)
{
	struct altair_server *s = (struct altair_server *)machine;

	air_server_outbox_clear(&s->out);
	s->now = now;
	expire(s, now);
	for (size_t i = 0; i < count; i++) {
		batch[i].verdict = ALTAIR_NOT_MINE;
		if (i >= s->batch_max)
			s->stats.ignored++;
		else if (air_relay_is_sock(batch[i].path.sock))
			serve_peer(s, &batch[i]);
		else
			serve(s, now, &batch[i]);
	}
}

static void server_tick(altair_machine *machine, altair_time now)
{
	struct altair_server *s = (struct altair_server *)machine;

	air_server_outbox_clear(&s->out);
	expire(s, now);
}

/* --- output -------------------------------------------------------------- */

static enum altair_step tell(const struct altair_server *s, altair_output *out,
			     enum air_allocation_family family, uint16_t port)
{
	out->reason = 0;
	out->addr = s->allocations.ports[family].bind;
	out->addr.port = port;
	out->number = air_relay_sock(family, port);
	out->total = 0;
	out->rtt = 0;
	return ALTAIR_EVENT;
}

static bool tell_shut(struct altair_server *s, altair_output *out)
{
	uint32_t sock = air_server_stream_next_shut(&s->streams);

	out->event = ALTAIR_EV_SHUT;
	out->reason = 0;
	out->addr = (altair_addr){.family = ALTAIR_NO_FAMILY};
	out->number = sock;
	out->total = 0;
	out->rtt = 0;
	return sock != 0;
}

static enum altair_step server_poll(altair_machine *machine, altair_output *out)
{
	struct altair_server *s = (struct altair_server *)machine;
	struct air_ports *ports = s->allocations.ports;
	altair_time streams;
	uint16_t port;

	for (unsigned f = 0; f < FAMILIES && s->relays; f++) {
		port = air_port_next_open(&ports[f]);
		out->event = ALTAIR_EV_RELAY_OPEN;
		if (port)
			return tell(s, out, f, port);
	}
	if (air_server_outbox_poll(&s->out, &out->datagram))
		return ALTAIR_SEND;
	for (unsigned f = 0; f < FAMILIES && s->relays; f++) {
		port = air_port_next_close(&ports[f]);
		out->event = ALTAIR_EV_RELAY_CLOSE;
		if (port)
			return tell(s, out, f, port);
	}
	if (tell_shut(s, out))
		return ALTAIR_EVENT;
	streams = air_server_stream_deadline(&s->streams);
	out->deadline = s->relays ? air_heap_next(&s->timers) : ALTAIR_NEVER;
	if (streams < out->deadline)
		out->deadline = streams;
	return ALTAIR_WAIT;
}

static const struct air_machine_ops ops = {server_input, server_tick,
					   server_poll};

/* --- laying out ---------------------------------------------------------- */

static struct air_allocation_limits limits_of(const altair_server_config *c)
{
	uint32_t all = air_common_share(c).allocations;
	struct air_allocation_limits limits = {
		.allocations = all,
		.permissions = (uint32_t)c->permissions_max,
		.channels = (uint32_t)c->channels_max,
		.reservations = RESERVATIONS_MIN + all / RESERVATIONS_PART};

	if (limits.permissions == 0)
		limits.permissions = all * POOL_PART + c->permissions_each;
	if (limits.channels == 0)
		limits.channels = all * POOL_PART + c->channels_each;
	return limits;
}

static void lay_out_ports(struct altair_server *s, struct air_arena *arena,
			  const altair_server_config *c)
{
	const altair_addr *bind[] = {&c->relay_ipv4, &c->relay_ipv6};
	const altair_addr *told[] = {&c->external_ipv4, &c->external_ipv6};
	struct air_share share = air_common_share(c);

	for (unsigned f = 0; f < FAMILIES; f++) {
		struct air_ports *ports = &s->allocations.ports[f];
		bool is_used = bind[f]->family != ALTAIR_NO_FAMILY;

		air_port_init(ports, arena, share.port_first,
			      is_used ? share.port_count : 0);
		ports->bind = *bind[f];
		ports->told = told[f]->family ? *told[f] : *bind[f];
		air_port_share(ports, c->port_min, c->port_max,
			       s->allocations.common->open[f]);
	}
}

/* TURN's part. Keys of hashes that are not yet random only matter when memory
 * is there, too. */
static void lay_out_relay(struct altair_server *s, struct air_arena *arena,
			  const altair_server_config *c)
{
	struct air_allocation_limits limits = limits_of(c);
	uint8_t *realm = air_arena_take(arena, c->realm.len, 1);

	if (realm && c->realm.len > 0)
		memcpy(realm, c->realm.data, c->realm.len);
	s->realm = (altair_bytes){realm, c->realm.len};
	s->allocations.common = c->common ? c->common : &s->own;
	if (!c->common)
		air_common_init(&s->own, arena, c, false);
	s->bandwidth.total = &s->allocations.common->total;
	lay_out_ports(s, arena, c);
	air_policy_init(&s->policy, arena, c);
	s->policy.ports = s->allocations.ports;
	air_user_init(&s->users, arena, c, s->allocations.hash_key);
	air_rest_init(&s->rest, arena, c);
	air_throttle_init(&s->throttle, arena, AIR_THROTTLE_FORGED,
			  s->allocations.hash_key,
			  c->common ? &c->common->throttles[OF_RELAY] : NULL);
	s->throttle.rate = c->challenge_rate;
	if (!c->common)
		air_throttle_init_guesses(&s->throttle, arena);
	air_allocation_init(&s->allocations, arena, &s->timers, &limits);
}

/* Lays the server out; into `scratch` when the arena only measures. */
static struct altair_server *lay_out(struct air_arena *arena,
				     const altair_server_config *config,
				     const uint8_t hash_key[16],
				     struct altair_server *scratch)
{
	struct altair_server *s = air_arena_take(arena, 1, sizeof *s);

	if (!s)
		s = scratch;
	air_server_outbox_init(&s->out, arena, config->batch_max,
			       config->buffer_len);
	memcpy(s->allocations.hash_key, hash_key, 16);
	air_server_stream_init(&s->streams, arena, config, hash_key);
	air_alternate_init(&s->alternates, arena, config, hash_key);
	if (config->allocations_max > 0)
		lay_out_relay(s, arena, config);
	return s;
}

size_t altair_server_size(const altair_server_config *config)
{
	static const uint8_t no_key[16];
	struct air_arena arena = {0};
	struct altair_server scratch;

	if (!air_server_config_is_valid(config))
		return 0;
	lay_out(&arena, config, no_key, &scratch);
	return arena.used;
}

static int init_relay(struct altair_server *s, const altair_server_config *c,
		      altair_time now)
{
	s->relays = true;
	s->crypto = c->crypto;
	s->is_mobile = c->mobility;
	s->worker = c->common ? c->worker : 0;
	s->workers = c->common ? c->workers : 1;
	s->allocations.reservations.worker = s->worker;
	s->allocations.reservations.workers = s->workers;
	s->dont_fragment = c->dont_fragment;
	s->lifetime = c->lifetime;
	s->lifetime_max = c->lifetime_max;
	air_throttle_set_guesses(&s->throttle, c);
	s->permissions_each = c->permissions_each;
	s->channels_each = c->channels_each;
	s->quota[OF_USER] = c->quota_user;
	s->quota[OF_PREFIX] = c->quota_prefix;
	air_bandwidth_set(&s->bandwidth, c);
	s->rest.at = now;
	/* Whose name is not known in advance cannot be known by its hash. */
	s->nonces.hides_names = c->rest_secret_count == 0;
	return air_nonce_init(&s->nonces, c->crypto, now, c->nonce_life);
}

int altair_server_init(altair_server **out, void *mem, size_t len,
		       const altair_server_config *config, altair_time now)
{
	struct air_arena arena = {mem, len, 0, false};
	struct altair_server scratch, *s;
	uint8_t hash_key[16] = {0};
	int rc = 0;

	if (!air_server_config_is_valid(config))
		return ALTAIR_E_INVALID;
	if (config->allocations_max + config->connections_max +
			    config->alternate_count >
		    0 &&
	    config->crypto->random(config->crypto->user, hash_key,
				   sizeof hash_key) != 0)
		return ALTAIR_E_RANDOM;
	if (config->common)
		memcpy(hash_key, config->common->hash_key, sizeof hash_key);
	s = lay_out(&arena, config, hash_key, &scratch);
	if (arena.failed)
		return ALTAIR_E_SPACE;
	s->machine.ops = &ops;
	s->batch_max = config->batch_max;
	air_binding_init(&s->binding);
	if (config->allocations_max > 0)
		rc = init_relay(s, config, now);
	*out = s;
	return rc;
}

/* --- several machines ----------------------------------------------------- */

/* Whose request it is, by what only one machine can have given. */
static bool find_signer(const struct altair_server *s,
			const struct air_stun_message *m, unsigned *worker)
{
	struct air_stun_value v;

	if (m->header.method == AIR_STUN_REFRESH)
		return air_stun_message_get(m, AIR_STUN_MOBILITY_TICKET, &v) &&
		       air_mobility_signer(s, v.bytes, worker);
	if (m->header.method != AIR_STUN_ALLOCATE ||
	    !air_stun_message_get(m, AIR_STUN_RESERVATION_TOKEN, &v))
		return false;
	*worker = air_common_signer(s->workers, v.bytes.data[0]);
	return true;
}

int altair_server_worker(const altair_server *s, const altair_datagram *d)
{
	struct air_stun_message m;
	unsigned worker;

	if (s->workers <= 1 || d->segment != 0 || d->bytes.len > REQUEST_MAX ||
	    d->bytes.len < CHALLENGED_MIN || d->bytes.data[0] != 0 ||
	    !air_stun_message_read(&m, d->bytes, UNDERSTOOD) ||
	    m.header.class != AIR_STUN_REQUEST || !find_signer(s, &m, &worker))
		return -1;
	return worker == s->worker ? -1 : (int)worker;
}

bool altair_server_knows(altair_server *s, const altair_path *path)
{
	return s->relays && air_allocation_find(&s->allocations, path);
}

/* --- the public functions ------------------------------------------------ */

altair_machine *altair_server_machine(altair_server *server)
{
	return &server->machine;
}

void altair_server_opened(altair_server *s, altair_time now, uint32_t sock,
			  int error)
{
	enum air_allocation_family family =
		sock >= 2 * ALTAIR_SERVER_RELAY ? FAMILY_IPV6 : FAMILY_IPV4;

	if (s->relays && air_relay_is_sock(sock) &&
	    sock < 3 * ALTAIR_SERVER_RELAY)
		air_allocate_opened(s, now, family, (uint16_t)sock, error == 0);
}

void altair_server_unreachable(altair_server *s, uint32_t sock,
			       const altair_icmp *icmp)
{
	if (air_relay_is_sock(sock))
		air_relay_take_icmp(s, sock, icmp);
}

void altair_server_set_time(altair_server *s, altair_time now,
			    uint64_t unix_time)
{
	s->rest.at = now;
	s->rest.unix_time = unix_time;
}

void altair_server_get_stats(const altair_server *server,
			     altair_server_stats *out)
{
	const struct air_pool *pool = &server->allocations.pool;

	*out = server->stats;
	out->size = sizeof *out;
	out->allocations = pool->count - pool->free_count;
	out->streams = server->streams.count;
}
