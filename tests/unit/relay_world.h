/*
 * The world of the relay tests: two agents in virtual time behind NATs that may
 * be symmetric or let no UDP through, a signalling that takes 20 ms, and TURN
 * servers 20 ms away (25 ms between the peers, as in the bars).
 */
#ifndef ALTAIR_RELAY_WORLD_H
#define ALTAIR_RELAY_WORLD_H

#include "check.h"
#include "ice/session.h"

#include <altair/openssl.h>
#include <altair/verdict.h>

#include <stdlib.h>

#define MS(n) ALTAIR_MSEC(n)
#define START ALTAIR_SEC(1000)
#define TO_SERVER MS(20)
#define TO_PEER MS(25)
#define TO_SIGNAL MS(20)
#define NOBODY (-1)
#define ROOM 2048
#define REALM "example.org"

/* Open; mappings per destination, filtered per port; no UDP; one mapping for all,
 * filtered per port, or not at all. */
enum kind { OPEN, SYM, BLOCKED, PORT, FULL };

struct flight {
	altair_time at;
	altair_addr from, to;
	int stream; /* side of a stream, or NOBODY                          */
	bool is_up; /* stream: towards the server                           */
	uint32_t sock; /* stream                                             */
	int signal;    /* to this side: a candidate's text; or NOBODY        */
	int opened;    /* the stream of this side opens; or NOBODY           */
	size_t len;
	uint8_t bytes[ROOM];
};

struct mapping {
	altair_addr remote;
	uint16_t port;
};

struct side {
	altair_agent *agent;
	altair_machine *machine;
	void *memory;
	enum kind kind;
	altair_addr host, public;
	struct mapping mappings[32];
	uint16_t mapping_count, first_port;
	altair_time deadline;
	altair_time heard_at; /* first data, or NEVER                        */
	size_t heard, said;
	altair_agent_pair selected; /* as of the last ALTAIR_EV_SELECTED     */
	size_t selections;
	char candidates[32][ALTAIR_CANDIDATE_TEXT];
	size_t candidate_count;
	uint32_t opened, shut; /* the last streams                           */
	size_t opens;
	altair_output ended; /* the last ALTAIR_EV_RELAY_ENDED               */
	size_t ends;
	bool has_spoken;
	bool is_ended; /* candidates                                         */
	uint64_t sent;
};

#define ALLOCATIONS 16
#define PEERS 32

struct allocation {
	altair_addr client, server; /* client: port 0 and sock for streams   */
	uint32_t sock;
	int side; /* stream: whose; or NOBODY                                */
	uint16_t port;
	altair_addr permitted[PEERS];
	size_t permitted_count;
	altair_addr channels[16]; /* 0x4000 and on                           */
	bool is_live;
};

static struct {
	struct side side[2];
	altair_time now;
	struct flight *flights;
	size_t flight_count, flight_room;
	struct allocation allocations[ALLOCATIONS];
	size_t allocation_count;
	bool (*drop)(const struct flight *flight);
	int refuse;	 /* Allocate with this code; 0: no                    */
	int refuse_peer; /* CreatePermission with this code                  */
	int refuse_channel;   /* ChannelBind with this code                  */
	uint32_t dead_stream; /* of side 0: nothing passes any more          */
	bool is_mute;	 /* the servers                                       */
	bool is_silent;	 /* the signalling                                   */
	bool no_streams; /* they do not open                                 */
	bool ticks_first; /* of what happens at the same time                */
	size_t requests[0x10]; /* by method                                  */
	size_t sends, channel_data; /* by clients                            */
	altair_crypto crypto;
} w;

static uint64_t random_state;

static inline int some_random(void *user, uint8_t *out, size_t len)
{
	(void)user;
	for (size_t i = 0; i < len; i++) {
		random_state = random_state * 6364136223846793005u + 1u;
		out[i] = (uint8_t)(random_state >> 56);
	}
	return 0;
}

static inline altair_addr addr(const char *text)
{
	altair_addr a;

	CHECK_EQ(altair_addr_parse(&a, text), 0);
	return a;
}

static inline altair_bytes bytes_of(const char *text)
{
	return (altair_bytes){(const uint8_t *)text, strlen(text)};
}

/* --- flights ------------------------------------------------------------- */

static inline struct flight *fly(altair_time delay, altair_bytes bytes)
{
	struct flight *f;

	if (w.flight_count == w.flight_room) {
		w.flight_room = 2 * w.flight_room + 64;
		w.flights =
			realloc(w.flights, w.flight_room * sizeof *w.flights);
		CHECK(w.flights != NULL);
	}
	f = &w.flights[w.flight_count++];
	memset(f, 0, sizeof *f);
	f->at = w.now + delay;
	f->stream = f->signal = f->opened = NOBODY;
	CHECK(bytes.len <= sizeof f->bytes);
	if (bytes.len > 0)
		memcpy(f->bytes, bytes.data, bytes.len);
	f->len = bytes.len;
	return f;
}

static inline bool is_server(const altair_addr *a)
{
	return a->ip[0] == 198 && a->ip[1] == 51;
}

/* A datagram in the internet, `from` already mapped. */
static inline void fly_udp(const altair_addr *from, const altair_addr *to,
			   altair_bytes bytes)
{
	struct flight *f = fly(
		is_server(from) || is_server(to) ? TO_SERVER : TO_PEER, bytes);

	f->from = *from;
	f->to = *to;
	if (is_server(from) && is_server(to))
		f->at = w.now;
	if (w.drop && w.drop(f))
		w.flight_count--;
}

static inline void fly_stream(int s, uint32_t sock, bool is_up,
			      altair_bytes bytes)
{
	struct flight *f;

	if (s == 0 && w.dead_stream && sock == w.dead_stream)
		return;
	f = fly(TO_SERVER, bytes);
	f->stream = s;
	f->sock = sock;
	f->is_up = is_up;
}

/* --- NATs ---------------------------------------------------------------- */

static inline altair_addr map(struct side *side, const altair_addr *remote)
{
	altair_addr public = side->public;

	if (side->kind == OPEN)
		return side->host;
	for (uint16_t i = 0; i < side->mapping_count; i++) {
		if (altair_addr_equal(&side->mappings[i].remote, remote)) {
			public.port = side->mappings[i].port;
			return public;
		}
	}
	CHECK(side->mapping_count < 32);
	public.port = (uint16_t)(20000 + side->first_port);
	if (side->kind == SYM)
	public.port = (uint16_t)(public.port + 7 * side->mapping_count);
	side->mappings[side->mapping_count++] =
		(struct mapping){*remote, public.port};
	return public;
}

/* The NAT forgets all, and has other ports from now on. */
static inline void flush(int s)
{
	w.side[s].mapping_count = 0;
	w.side[s].first_port = (uint16_t)(w.side[s].first_port + 1001);
}

/* True when a datagram gets in. */
static inline bool lets_in(const struct side *side, const struct flight *f)
{
	if (side->kind == OPEN)
		return altair_addr_equal(&f->to, &side->host);
	for (uint16_t i = 0; i < side->mapping_count; i++)
		if (side->mappings[i].port == f->to.port &&
		    (side->kind == FULL ||
		     altair_addr_equal(&side->mappings[i].remote, &f->from)))
			return altair_addr_same_ip(&f->to, &side->public);
	return false;
}

/* --- the agents' output --------------------------------------------------- */

static inline void launch(int s, const altair_datagram *d)
{
	struct side *side = &w.side[s];
	altair_addr from;

	side->sent++;
	CHECK_EQ(d->segment, 0);
	if (d->path.sock >= ALTAIR_AGENT_STREAM) {
		fly_stream(s, d->path.sock, true, d->bytes);
		return;
	}
	CHECK_EQ(d->path.sock, 7);
	if (side->kind == BLOCKED)
		return;
	from = map(side, &d->path.remote);
	fly_udp(&from, &d->path.remote, d->bytes);
}

static inline int say(int s, const char *text)
{
	static uint8_t
		room[ALTAIR_AGENT_HEADROOM + ROOM + ALTAIR_AGENT_TAILROOM];
	uint8_t *payload = room + ALTAIR_AGENT_HEADROOM;
	size_t len = strlen(text);
	altair_datagram d;
	int rc;

	memcpy(payload, text, len);
	rc = altair_agent_wrap(w.side[s].agent, payload, len, &d);
	if (rc == 0) {
		w.side[s].said++;
		w.side[s].has_spoken = true;
		launch(s, &d);
	}
	return rc;
}

static inline void see_candidate(int s, uint32_t number)
{
	struct side *side = &w.side[s];
	char *text = side->candidates[side->candidate_count++];

	if (w.is_silent) {
		side->candidate_count--;
		return;
	}
	CHECK(side->candidate_count <= 32);
	CHECK(altair_agent_candidate(side->agent, number, text,
				     ALTAIR_CANDIDATE_TEXT) > 0);
	fly(TO_SIGNAL, bytes_of(text))->signal = !s;
}

static inline void see(int s, const altair_output *out)
{
	struct side *side = &w.side[s];
	struct flight *f;

	if (out->event == ALTAIR_EV_CANDIDATE) {
		see_candidate(s, out->number);
	} else if (out->event == ALTAIR_EV_END_OF_CANDIDATES) {
		side->is_ended = true;
		fly(TO_SIGNAL, bytes_of(""))->signal = !s;
	} else if (out->event == ALTAIR_EV_CREDENTIALS) {
		fly(TO_SIGNAL, bytes_of("!"))->signal = !s;
	} else if (out->event == ALTAIR_EV_SELECTED) {
		side->selections++;
		CHECK_EQ(altair_agent_selected(side->agent, &side->selected),
			 0);
		if (!w.is_silent)
			say(s, "hello");
	} else if (out->event == ALTAIR_EV_OPEN) {
		CHECK(is_server(&out->addr));
		CHECK(out->number >= ALTAIR_AGENT_STREAM);
		side->opened = out->number;
		side->opens++;
		if (w.no_streams)
			return;
		f = fly(2 * TO_SERVER, bytes_of(""));
		f->opened = s;
		f->sock = out->number;
	} else if (out->event == ALTAIR_EV_SHUT) {
		side->shut = out->number;
	} else if (out->event == ALTAIR_EV_RELAY_ENDED) {
		side->ended = *out;
		side->ends++;
	}
}

static inline void drain(int s)
{
	struct side *side = &w.side[s];
	enum altair_step step;
	altair_output out;

	if (!side->agent)
		return;
	while ((step = altair_poll(side->machine, &out)) != ALTAIR_WAIT) {
		if (step == ALTAIR_SEND)
			launch(s, &out.datagram);
		else
			see(s, &out);
	}
	/* Data that left may bring it forward. */
	side->deadline = out.deadline;
	CHECK(out.deadline > w.now || side->has_spoken);
}

static inline void hand(int s, altair_datagram *d)
{
	struct side *side = &w.side[s];
	altair_path before = d->path;

	side->has_spoken = false;
	altair_input(side->machine, w.now, d, 1);
	CHECK_EQ(d->path.sock, before.sock);
	if (d->verdict == ALTAIR_PAYLOAD) {
		CHECK(d->bytes.len >= 1 && d->bytes.data[0] == 'h');
		if (side->heard++ == 0)
			side->heard_at = w.now - START;
	}
	drain(s);
}

/* --- the servers --------------------------------------------------------- */

static struct air_stun_builder reply;
static uint8_t reply_bytes[ROOM];

static inline altair_bytes server_key(void)
{
	static uint8_t key[16];
	struct air_stun_user user = {bytes_of("user"), bytes_of(REALM),
				     bytes_of("pass")};

	air_stun_key_md5(&w.crypto, &user, key);
	return (altair_bytes){key, 16};
}

static inline void answer(const struct air_stun_message *m,
			  enum air_stun_class class)
{
	struct air_stun_header h = m->header;

	h.class = class;
	air_stun_build(&reply, reply_bytes, sizeof reply_bytes, &h);
}

static inline void put_number(uint16_t type, uint64_t number)
{
	air_stun_build_attr(&reply, type,
			    &(struct air_stun_value){.number = number});
}

static inline void put_addr(uint16_t type, const altair_addr *a)
{
	air_stun_build_attr(&reply, type, &(struct air_stun_value){.addr = *a});
}

static inline void put_bytes(uint16_t type, altair_bytes bytes)
{
	air_stun_build_attr(&reply, type,
			    &(struct air_stun_value){.bytes = bytes});
}

/* Back to where the request of this flight came from. */
static inline void give_back(const struct flight *f, altair_bytes bytes)
{
	if (f->stream != NOBODY)
		fly_stream(f->stream, f->sock, false, bytes);
	else
		fly_udp(&f->to, &f->from, bytes);
}

static inline struct allocation *allocation_of(const struct flight *f)
{
	for (size_t i = 0; i < w.allocation_count; i++) {
		struct allocation *al = &w.allocations[i];

		if (al->is_live && al->side == f->stream &&
		    (f->stream != NOBODY
			     ? al->sock == f->sock
			     : altair_addr_equal(&al->client, &f->from) &&
				       altair_addr_equal(&al->server, &f->to)))
			return al;
	}
	return NULL;
}

static inline altair_addr relayed_of(const struct allocation *al)
{
	altair_addr a = al->server;

	a.port = al->port;
	return a;
}

static inline struct allocation *allocate(const struct flight *f)
{
	struct allocation *al = &w.allocations[w.allocation_count];

	CHECK(w.allocation_count < ALLOCATIONS);
	memset(al, 0, sizeof *al);
	al->client = f->from;
	al->server = f->to;
	al->side = f->stream;
	al->sock = f->sock;
	al->port = (uint16_t)(50000 + w.allocation_count++);
	al->is_live = true;
	return al;
}

static inline bool is_permitted(const struct allocation *al,
				const altair_addr *peer)
{
	for (size_t i = 0; i < al->permitted_count; i++)
		if (altair_addr_same_ip(&al->permitted[i], peer))
			return true;
	return false;
}

static inline void let(struct allocation *al, const altair_addr *peer)
{
	CHECK(al->permitted_count < PEERS);
	if (!is_permitted(al, peer))
		al->permitted[al->permitted_count++] = *peer;
}

static inline void refuse(const struct air_stun_message *m, int code)
{
	answer(m, AIR_STUN_ERROR);
	put_number(AIR_STUN_ERROR_CODE, (uint64_t)code);
}

static inline void challenge(const struct air_stun_message *m)
{
	refuse(m, 401);
	put_bytes(AIR_STUN_REALM, bytes_of(REALM));
	put_bytes(AIR_STUN_NONCE, bytes_of("nonce"));
}

/* Answers an authentic request into `reply`. */
static inline void serve(const struct flight *f,
			 const struct air_stun_message *m)
{
	struct allocation *al = allocation_of(f);
	struct air_stun_value peer = {0}, number;
	altair_addr relayed;

	air_stun_message_get(m, AIR_STUN_XOR_PEER_ADDRESS, &peer);
	answer(m, AIR_STUN_SUCCESS);
	if (m->header.method == AIR_STUN_ALLOCATE && w.refuse) {
		refuse(m, w.refuse);
	} else if (m->header.method == AIR_STUN_ALLOCATE) {
		relayed = relayed_of(al ? al : allocate(f));
		put_addr(AIR_STUN_XOR_RELAYED_ADDRESS, &relayed);
		put_addr(AIR_STUN_XOR_MAPPED_ADDRESS, &f->from);
		put_number(AIR_STUN_LIFETIME, 600);
	} else if (!al) {
		refuse(m, 437);
	} else if (m->header.method == AIR_STUN_REFRESH) {
		CHECK(air_stun_message_get(m, AIR_STUN_LIFETIME, &number) ||
		      (number.number = 600));
		al->is_live = number.number > 0;
		put_number(AIR_STUN_LIFETIME, number.number);
	} else if (m->header.method == AIR_STUN_CREATE_PERMISSION &&
		   w.refuse_peer) {
		refuse(m, w.refuse_peer);
	} else if (m->header.method == AIR_STUN_CHANNEL_BIND &&
		   w.refuse_channel) {
		refuse(m, w.refuse_channel);
	} else {
		let(al, &peer.addr);
		if (air_stun_message_get(m, AIR_STUN_CHANNEL_NUMBER, &number))
			al->channels[number.number & 15] = peer.addr;
	}
}

/* From a relayed address to a peer. */
static inline void relay(const struct allocation *al, const altair_addr *peer,
			 altair_bytes payload)
{
	altair_addr from = relayed_of(al);

	if (is_permitted(al, peer))
		fly_udp(&from, peer, payload);
}

static inline void take_stun(const struct flight *f,
			     const struct air_stun_message *m)
{
	struct allocation *al = allocation_of(f);
	struct air_stun_value peer, data;

	if (m->header.class == AIR_STUN_INDICATION) {
		CHECK(air_stun_message_get(m, AIR_STUN_XOR_PEER_ADDRESS,
					   &peer));
		CHECK(air_stun_message_get(m, AIR_STUN_DATA_ATTR, &data));
		w.sends++;
		if (al)
			relay(al, &peer.addr, data.bytes);
		return;
	}
	w.requests[m->header.method]++;
	if (m->header.method == AIR_STUN_BINDING) {
		answer(m, AIR_STUN_SUCCESS);
		put_addr(AIR_STUN_XOR_MAPPED_ADDRESS, &f->from);
	} else if (!air_stun_message_place(m, AIR_STUN_MESSAGE_INTEGRITY)) {
		challenge(m);
	} else if (!air_stun_check_sha1(m, &w.crypto, server_key())) {
		refuse(m, 401);
		put_bytes(AIR_STUN_REALM, bytes_of(REALM));
		put_bytes(AIR_STUN_NONCE, bytes_of("nonce"));
	} else {
		serve(f, m);
		air_stun_build_sha1(&reply, &w.crypto, server_key());
	}
	air_stun_build_fingerprint(&reply);
	give_back(f, air_stun_build_end(&reply));
}

static inline void take_channel(const struct flight *f)
{
	struct allocation *al = allocation_of(f);
	size_t len = (size_t)(f->bytes[2] << 8 | f->bytes[3]);

	CHECK(len + 4 <= f->len);
	w.channel_data++;
	if (al)
		relay(al, &al->channels[f->bytes[1] & 15],
		      (altair_bytes){f->bytes + 4, len});
}

/* From a peer to a relayed address. */
static inline void come_to_relay(const struct flight *f)
{
	static const struct air_stun_header header = {
		.class = AIR_STUN_INDICATION, .method = AIR_STUN_DATA};

	for (size_t i = 0; i < w.allocation_count; i++) {
		struct allocation *al = &w.allocations[i];
		struct flight back = {.from = al->client,
				      .to = al->server,
				      .stream = al->side,
				      .sock = al->sock};

		if (!al->is_live || f->to.port != al->port ||
		    !altair_addr_same_ip(&f->to, &al->server) ||
		    !is_permitted(al, &f->from))
			continue;
		air_stun_build(&reply, reply_bytes, sizeof reply_bytes,
			       &header);
		put_addr(AIR_STUN_XOR_PEER_ADDRESS, &f->from);
		put_bytes(AIR_STUN_DATA_ATTR, (altair_bytes){f->bytes, f->len});
		give_back(&back, air_stun_build_end(&reply));
	}
}

static inline void come_to_server(const struct flight *f)
{
	struct air_stun_message m;

	if (w.is_mute)
		return;
	if (f->stream == NOBODY && f->to.port != 3478)
		come_to_relay(f);
	else if (air_stun_message_read(&m, (altair_bytes){f->bytes, f->len},
				       AIR_STUN_SET_BASE | AIR_STUN_SET_TURN))
		take_stun(f, &m);
	else
		take_channel(f);
}

/* --- time ---------------------------------------------------------------- */

static inline void come_by_stream(struct flight *f)
{
	altair_agent *agent = w.side[f->stream].agent;
	altair_bytes in = {f->bytes, 3};
	altair_datagram d;

	/* In two splits. */
	while (altair_agent_unframe(agent, f->sock, &in, &d) == 1)
		hand(f->stream, &d);
	in = (altair_bytes){f->bytes + 3, f->len - 3};
	while (altair_agent_unframe(agent, f->sock, &in, &d) == 1)
		hand(f->stream, &d);
}

static inline void come_to_side(int s, struct flight *f)
{
	altair_datagram d = {.path = {7, w.side[s].host, f->from},
			     .bytes = {f->bytes, f->len}};

	if (w.side[s].agent && w.side[s].kind != BLOCKED &&
	    lets_in(&w.side[s], f))
		hand(s, &d);
}

/* `to` learns what the other's are. */
static inline void tell_credentials(int to)
{
	CHECK_EQ(altair_agent_remote(w.side[to].agent, w.now,
				     altair_agent_ufrag(w.side[!to].agent),
				     altair_agent_pwd(w.side[!to].agent)),
		 0);
}

static inline void arrive(struct flight *f)
{
	if (f->signal != NOBODY) {
		struct side *to = &w.side[f->signal];

		if (f->len == 1)
			tell_credentials(f->signal);
		else if (f->len > 0)
			altair_agent_add_remote(to->agent, w.now,
						(const char *)f->bytes);
		else
			altair_agent_end_of_candidates(to->agent, w.now);
		drain(f->signal);
	} else if (f->opened != NOBODY) {
		altair_agent_opened(w.side[f->opened].agent, w.now, f->sock,
				    &w.side[f->opened].host);
		drain(f->opened);
	} else if (f->stream != NOBODY && !f->is_up) {
		come_by_stream(f);
	} else if (f->stream != NOBODY) {
		f->to = addr("198.51.100.1:3478");
		f->from = w.side[f->stream].public;
		come_to_server(f);
	} else if (is_server(&f->to)) {
		come_to_server(f);
	} else {
		for (int s = 0; s < 2; s++)
			if (altair_addr_same_ip(&f->to, &w.side[s].public))
				come_to_side(s, f);
	}
}

static inline size_t next_flight(void)
{
	size_t first = 0;

	for (size_t i = 1; i < w.flight_count; i++)
		if (w.flights[i].at < w.flights[first].at)
			first = i;
	return first;
}

static inline altair_time next_event(void)
{
	altair_time at = ALTAIR_NEVER;

	if (w.flight_count > 0)
		at = w.flights[next_flight()].at;
	for (int s = 0; s < 2; s++)
		if (w.side[s].agent && w.side[s].deadline < at)
			at = w.side[s].deadline;
	return at;
}

/* True when a timer was due. */
static inline bool tick(void)
{
	bool was_due = false;

	for (int s = 0; s < 2; s++) {
		if (!w.side[s].agent || w.side[s].deadline > w.now)
			continue;
		was_due = true;
		w.side[s].has_spoken = false;
		altair_tick(w.side[s].machine, w.now);
		drain(s);
	}
	return was_due;
}

static inline void step(void)
{
	size_t i = next_flight();

	if (w.ticks_first && tick())
		return;
	if (w.flight_count > 0 && w.flights[i].at <= w.now) {
		struct flight f = w.flights[i];

		w.flight_count--;
		memmove(&w.flights[i], &w.flights[i + 1],
			(w.flight_count - i) * sizeof f);
		arrive(&f);
		return;
	}
	tick();
}

static inline void run_until(uint64_t ms)
{
	altair_time end = START + MS(ms);

	for (int s = 0; s < 2; s++)
		drain(s);
	while (next_event() <= end) {
		w.now = next_event() > w.now ? next_event() : w.now;
		step();
	}
	w.now = end;
}

/* --- the beginning ------------------------------------------------------- */

static inline void begin(void)
{
	struct flight *flights = w.flights;
	size_t room = w.flight_room;

	for (int s = 0; s < 2; s++)
		free(w.side[s].memory);
	memset(&w, 0, sizeof w);
	w.flights = flights;
	w.flight_room = room;
	random_state = 42;
	w.now = START;
	w.crypto = *altair_openssl();
	w.crypto.random = some_random;
}

static inline altair_agent_config config(int s)
{
	altair_agent_config c;

	altair_agent_config_default(&c);
	c.crypto = &w.crypto;
	c.controlling = s == 0;
	return c;
}

static inline void add(int s, enum kind kind, const altair_agent_config *c)
{
	struct side *side = &w.side[s];
	size_t size = altair_agent_size(c);

	side->memory = malloc(size);
	CHECK_EQ(altair_agent_init(&side->agent, side->memory, size, c, w.now),
		 0);
	side->machine = altair_agent_machine(side->agent);
	side->kind = kind;
	side->public = addr(s ? "203.0.113.2:1" : "203.0.113.1:1");
	side->host = addr(s ? "10.0.2.1:5000" : "10.0.1.1:5000");
	if (kind == OPEN) {
		side->host = side->public;
		side->host.port = 5000;
	}
	side->heard_at = ALTAIR_NEVER;
	CHECK_EQ(altair_agent_add_host(side->agent, w.now, 7, &side->host), 0);
}

static inline void add_stun(int s)
{
	altair_addr server = addr("198.51.100.1:3478");

	CHECK_EQ(altair_agent_add_server(w.side[s].agent, w.now, &server), 0);
}

static inline int add_relay_at(int s, const char *server, bool is_stream,
			       const char *password)
{
	altair_agent_relay r = {.size = sizeof r,
				.server = addr(server),
				.name = bytes_of("user"),
				.password = bytes_of(password),
				.is_stream = is_stream};

	return altair_agent_add_relay(w.side[s].agent, w.now, &r);
}

static inline int add_relay(int s, bool is_stream)
{
	return add_relay_at(s, "198.51.100.1:3478", is_stream, "pass");
}

/* Both know the other's credentials and begin. */
static inline void go(void)
{
	for (int s = 0; s < 2; s++) {
		tell_credentials(s);
		CHECK_EQ(altair_agent_gather(w.side[s].agent, w.now), 0);
		altair_agent_seal(w.side[s].agent, w.now);
	}
}

/* Two sides with STUN, and a relay each over UDP or a stream. */
static inline void begin_pair(enum kind a, enum kind b)
{
	begin();
	for (int s = 0; s < 2; s++) {
		altair_agent_config c = config(s);
		enum kind kind = s ? b : a;

		add(s, kind, &c);
		add_stun(s);
		CHECK_EQ(add_relay(s, kind == BLOCKED), 0);
	}
	go();
}

static inline enum altair_agent_state state_of(int s)
{
	return altair_agent_state(w.side[s].agent);
}

static inline altair_agent_stats stats_of(int s)
{
	altair_agent_stats stats;

	altair_agent_get_stats(w.side[s].agent, &stats);
	return stats;
}

/* When both have data of the other, in milliseconds. */
static inline uint64_t connect_ms(void)
{
	altair_time a = w.side[0].heard_at, b = w.side[1].heard_at;

	return (a > b ? a : b) / MS(1);
}

#endif
