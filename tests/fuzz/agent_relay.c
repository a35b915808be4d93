/*
 * A script of answers of TURN servers, checks, answers and data of a peer through
 * them, streams that open, break and carry noise, against an agent with a relay
 * over UDP and one over a stream, and a peer that has passive candidates of
 * ICE-TCP, too. The target plays both servers and the peer; the
 * hashes are toys. Invariants: every drain ends and leaves nothing due; what
 * leaves is well-formed and goes to a server, on the host's socket or on a stream
 * that is open; data comes from peers that sent a genuine check or answer; a
 * closed agent does not go on.
 */
#include "base/cursor.h"
#include "fuzz.h"
#include "ice/check.h"
#include "toy.h"
#include "turn/data.h"

#include <altair/agent.h>

#include <string.h>

#define HOST 3
#define PEERS 6
#define SENT_MAX 16
#define STREAMS 4 /* one of the relay, two of ICE-TCP, and none           */
#define ALL_SETS (AIR_STUN_SET_BASE | AIR_STUN_SET_ICE | AIR_STUN_SET_TURN)

struct sent {
	altair_path path; /* where it went                                   */
	altair_addr peer; /* inside a Send indication: to whom               */
	size_t len;
	uint8_t bytes[1300];
};

static struct {
	altair_agent *a;
	altair_machine *m;
	altair_time now;
	struct stream {
		uint32_t number; /* the driver has it, or 0                  */
		bool is_open, is_tcp;
		altair_addr to;
	} streams[STREAMS];
	bool closed;
	struct sent sent[SENT_MAX]; /* requests, of any kind                */
	size_t sent_count;
	bool is_known[PEERS]; /* a genuine message of it was given          */
	struct air_check check;
	struct air_check_keys peer;
} w;

static altair_addr server(unsigned n)
{
	return (altair_addr){.family = ALTAIR_IPV4,
			     .ip = {198, 51, 100, (uint8_t)(1 + n % 3)},
			     .port = 3478};
}

static altair_addr peer(unsigned n)
{
	return (altair_addr){.family = ALTAIR_IPV4,
			     .ip = {203, 0, 113, (uint8_t)(n % PEERS / 2)},
			     .port = (uint16_t)(1000 + n % PEERS)};
}

static unsigned peer_of(const altair_addr *addr)
{
	for (unsigned i = 0; i < PEERS; i++) {
		altair_addr a = peer(i);

		if (altair_addr_equal(&a, addr))
			return i;
	}
	return PEERS;
}

/* The stream of this number, or the last place, which stays free. */
static struct stream *stream_of(uint32_t number)
{
	unsigned i = 0;

	while (i < STREAMS - 1 && w.streams[i].number != number)
		i++;
	return &w.streams[i];
}

/* --- what it says -------------------------------------------------------- */

static void keep(const altair_path *path, const altair_addr *to,
		 altair_bytes bytes)
{
	struct sent *s = &w.sent[w.sent_count++ % SENT_MAX];

	FUZZ_CHECK(bytes.len <= sizeof s->bytes);
	s->path = *path;
	s->peer = *to;
	s->len = bytes.len;
	memcpy(s->bytes, bytes.data, bytes.len);
}

static void see_send(const altair_datagram *d)
{
	const altair_addr nobody = {0};
	struct air_stun_value to, data;
	struct air_stun_message m;

	const struct stream *s = stream_of(d->path.sock);
	altair_bytes bytes = d->bytes;

	FUZZ_CHECK(d->segment == 0);
	FUZZ_CHECK(d->path.sock == HOST || s->is_open);
	if (s->is_tcp) {
		FUZZ_CHECK(bytes.len >= 2 &&
			   bytes.len - 2 == (size_t)(bytes.data[0] << 8 |
						     bytes.data[1]));
		bytes.data += 2;
		bytes.len -= 2;
	}
	if (bytes.len == 0 || air_data_is_channel(bytes) ||
	    bytes.data[0] == 0xff)
		return;
	FUZZ_CHECK(air_stun_message_read(&m, bytes, ALL_SETS));
	FUZZ_CHECK(!w.closed || m.header.method == AIR_STUN_REFRESH);
	if (m.header.class == AIR_STUN_REQUEST) {
		keep(&d->path, s->is_tcp ? &s->to : &nobody, bytes);
	} else if (m.header.method == AIR_STUN_SEND) {
		FUZZ_CHECK(air_stun_message_get(&m, AIR_STUN_XOR_PEER_ADDRESS,
						&to));
		FUZZ_CHECK(air_stun_message_get(&m, AIR_STUN_DATA_ATTR, &data));
		keep(&d->path, &to.addr, data.bytes);
	}
}

static void see_event(const altair_output *out)
{
	char text[ALTAIR_CANDIDATE_TEXT];

	FUZZ_CHECK(!w.closed);
	if (out->event == ALTAIR_EV_CANDIDATE) {
		FUZZ_CHECK(altair_agent_candidate(w.a, out->number, text,
						  sizeof text) > 0);
	} else if (out->event == ALTAIR_EV_OPEN) {
		struct stream *s = stream_of(0);

		FUZZ_CHECK(s < &w.streams[STREAMS - 1]);
		FUZZ_CHECK(out->total == 2 || out->total == 0);
		FUZZ_CHECK(out->number >= ALTAIR_AGENT_STREAM);
		*s = (struct stream){.number = out->number,
				     .is_tcp = out->total == 0,
				     .to = out->addr};
	} else if (out->event == ALTAIR_EV_SHUT) {
		struct stream *s = stream_of(out->number);

		FUZZ_CHECK(s->number == out->number);
		*s = (struct stream){0};
	} else if (out->event == ALTAIR_EV_RELAY_ENDED) {
		FUZZ_CHECK(out->number < 2 && out->reason < 0);
	}
}

static altair_time drain(void)
{
	enum altair_step step;
	altair_output out;

	for (unsigned n = 0; (step = altair_poll(w.m, &out)) != ALTAIR_WAIT;
	     n++) {
		FUZZ_CHECK(n < 200);
		if (step == ALTAIR_SEND)
			see_send(&out.datagram);
		else
			see_event(&out);
	}
	return out.deadline;
}

/* --- what it is given ---------------------------------------------------- */

static void input(altair_datagram *d)
{
	uint32_t sock = d->path.sock;
	unsigned from;

	altair_input(w.m, w.now, d, 1);
	FUZZ_CHECK(d->path.sock == sock);
	FUZZ_CHECK(!w.closed || d->verdict == ALTAIR_NOT_MINE);
	if (d->verdict == ALTAIR_PAYLOAD) {
		from = peer_of(&d->path.remote);
		FUZZ_CHECK(from < PEERS && w.is_known[from]);
	}
	drain();
}

/* From a server, the way its client is reached. */
static void deliver(const altair_path *path, altair_bytes bytes)
{
	altair_datagram d = {.path = *path, .bytes = bytes};
	int rc;

	if (path->sock == HOST) {
		input(&d);
		return;
	}
	while (stream_of(path->sock)->number == path->sock &&
	       (rc = altair_agent_unframe(w.a, path->sock, &bytes, &d)) != 0) {
		if (rc < 0) {
			*stream_of(path->sock) = (struct stream){0};
			altair_agent_lost(w.a, w.now, path->sock, rc);
			drain();
			return;
		}
		input(&d);
	}
}

static altair_bytes key(void)
{
	static uint8_t bytes[16];
	struct air_stun_user user = {air_text("u"), air_text("r"),
				     air_text("p")};

	air_stun_key_md5(&toy_crypto, &user, bytes);
	return (altair_bytes){bytes, 16};
}

static void add(struct air_stun_builder *b, uint16_t type,
		const struct air_stun_value *value)
{
	air_stun_build_attr(b, type, value);
}

static void add_success(struct air_stun_builder *b, struct air_reader *r)
{
	uint8_t how = air_read_u8(r);
	altair_addr relayed = server(how);
	altair_addr mapped = peer(how);

	relayed.port = (uint16_t)(50000 + how % 8);
	if (how & 0x80)
		relayed = mapped;
	add(b, AIR_STUN_XOR_RELAYED_ADDRESS,
	    &(struct air_stun_value){.addr = relayed});
	add(b, AIR_STUN_XOR_MAPPED_ADDRESS,
	    &(struct air_stun_value){.addr = mapped});
	add(b, AIR_STUN_LIFETIME,
	    &(struct air_stun_value){.number = how & 0x40 ? how : 600u});
}

static void add_error(struct air_stun_builder *b, struct air_reader *r)
{
	static const uint16_t codes[] = {300, 400, 401, 403, 437, 438,
					 441, 442, 486, 500, 508};
	uint8_t how = air_read_u8(r);

	add(b, AIR_STUN_ERROR_CODE,
	    &(struct air_stun_value){
		    .number = codes[how % (sizeof codes / sizeof *codes)]});
	add(b, AIR_STUN_ALTERNATE_SERVER,
	    &(struct air_stun_value){.addr = server(how >> 4)});
	add(b, AIR_STUN_REALM,
	    &(struct air_stun_value){.bytes = air_text("r")});
	add(b, AIR_STUN_NONCE,
	    &(struct air_stun_value){.bytes = air_text("n")});
}

/* A server answers one of the last requests. */
static void answer_turn(struct air_reader *r)
{
	uint8_t how = air_read_u8(r), buffer[512];
	const struct sent *s = &w.sent[air_read_u8(r) % SENT_MAX];
	struct air_stun_message m;
	struct air_stun_builder b;

	if (s->peer.family != ALTAIR_NO_FAMILY ||
	    !air_stun_message_read(&m, (altair_bytes){s->bytes, s->len},
				   ALL_SETS))
		return;
	m.header.class = how & 1 ? AIR_STUN_SUCCESS : AIR_STUN_ERROR;
	air_stun_build(&b, buffer, sizeof buffer, &m.header);
	if (how & 1)
		add_success(&b, r);
	else
		add_error(&b, r);
	if ((how & 6) != 6)
		air_stun_build_sha1(&b, &toy_crypto, key());
	air_stun_build_fingerprint(&b);
	deliver(&s->path, air_stun_build_end(&b));
}

/* A peer's bytes come through a server, or from the channel. */
static void relay_to(const altair_path *path, unsigned from, altair_bytes bytes,
		     bool is_channel)
{
	static const struct air_stun_header header = {
		.class = AIR_STUN_INDICATION, .method = AIR_STUN_DATA};
	uint8_t buffer[1024];
	struct air_stun_builder b;
	struct air_writer writer = air_writer(buffer, sizeof buffer);

	if (stream_of(path->sock)->is_tcp) {
		air_write_u16(&writer, (uint16_t)bytes.len);
		air_write_bytes(&writer, bytes);
		deliver(path, air_written(&writer));
		return;
	}
	if (is_channel) {
		air_write_u16(&writer, 0x4000);
		air_write_u16(&writer, (uint16_t)bytes.len);
		air_write_bytes(&writer, bytes);
		air_write_zeros(&writer, (4 - bytes.len % 4) % 4);
		deliver(path, air_written(&writer));
		return;
	}
	air_stun_build(&b, buffer, sizeof buffer, &header);
	add(&b, AIR_STUN_XOR_PEER_ADDRESS,
	    &(struct air_stun_value){.addr = peer(from)});
	add(&b, AIR_STUN_DATA_ATTR, &(struct air_stun_value){.bytes = bytes});
	deliver(path, air_stun_build_end(&b));
}

static altair_path way(uint8_t how)
{
	const struct stream *s = &w.streams[how >> 1 & 3];

	return (altair_path){.sock = how & 1 || !s->number ? HOST : s->number,
			     .remote = server(how >> 1)};
}

/* Whose bytes they are: on a stream of ICE-TCP always the same peer's. */
static unsigned speaker(const altair_path *path, unsigned from)
{
	const struct stream *s = stream_of(path->sock);

	return s->is_tcp ? peer_of(&s->to) : from;
}

static void relay_check(struct air_reader *r)
{
	uint8_t how = air_read_u8(r), buffer[AIR_CHECK_LEN_MAX];
	unsigned from = air_read_u8(r) % PEERS;
	altair_path path = way(how >> 5);

	toy_random(NULL, w.check.transaction, sizeof w.check.transaction);
	w.check.controlling = how & 1;
	w.check.nominates = how & 2;
	w.check.priority = how * 1000u;
	w.is_known[speaker(&path, from)] = true;
	relay_to(&path, from, air_check_request(&w.check, &w.peer, buffer),
		 false);
}

static void relay_data(struct air_reader *r)
{
	uint8_t how = air_read_u8(r);
	unsigned from = air_read_u8(r) % PEERS;
	altair_path path = way(how >> 5);

	relay_to(&path, from, air_read_bytes(r, how & 0x1f), how & 0x10);
}

/* The peer answers one of the last checks, where it came from or elsewhere. */
static void answer_check(struct air_reader *r)
{
	uint8_t how = air_read_u8(r), buffer[AIR_CHECK_LEN_MAX];
	const struct sent *s = &w.sent[air_read_u8(r) % SENT_MAX];
	unsigned from = peer_of(&s->peer);
	altair_addr mapped = server(how);
	struct air_stun_message m;

	if (how & 0x80)
		from = how % PEERS;
	if (from >= PEERS ||
	    !air_stun_message_read(&m, (altair_bytes){s->bytes, s->len},
				   ALL_SETS) ||
	    m.header.class != AIR_STUN_REQUEST)
		return;
	w.is_known[speaker(&s->path, from)] = true;
	relay_to(&s->path, from,
		 air_check_response(&m, &w.peer, &mapped, buffer), false);
}

static void noise(struct air_reader *r)
{
	uint8_t how = air_read_u8(r);
	altair_path path = way(how);

	deliver(&path, air_read_bytes(r, how));
}

static void turn_stream(struct air_reader *r)
{
	uint8_t how = air_read_u8(r);
	uint32_t sock = how & 0x80 ? ALTAIR_AGENT_STREAM + how
				   : w.streams[how >> 2 & 3].number;
	struct stream *s = stream_of(sock);

	if (how & 3) {
		s->is_open = s->number != 0;
		altair_agent_opened(w.a, w.now, sock, NULL);
	} else {
		*s = (struct stream){0};
		altair_agent_lost(w.a, w.now, sock, ALTAIR_E_NETWORK);
	}
	drain();
}

static void wrap(struct air_reader *r)
{
	static uint8_t
		room[ALTAIR_AGENT_HEADROOM + 256 + ALTAIR_AGENT_TAILROOM];
	uint8_t *payload = room + ALTAIR_AGENT_HEADROOM;
	size_t len = air_read_u8(r);
	altair_path path;
	altair_datagram d;

	memset(payload, 0xff, len);
	if (altair_agent_path(w.a, &path) != 0 ||
	    altair_agent_wrap(w.a, payload, len, &d) != 0)
		return;
	FUZZ_CHECK(path.sock == d.path.sock);
	FUZZ_CHECK(peer_of(&path.remote) < PEERS &&
		   w.is_known[peer_of(&path.remote)]);
	FUZZ_CHECK(d.bytes.data >= room &&
		   d.bytes.data + d.bytes.len <= room + sizeof room);
	see_send(&d);
}

static void signal(struct air_reader *r)
{
	static const char *const kinds[][2] = {{"UDP", "host"},
					       {"TCP", "host tcptype passive"},
					       {"UDP", "relay"}};
	const char *const *kind;
	uint8_t how = air_read_u8(r);
	char text[ALTAIR_CANDIDATE_TEXT];
	altair_addr a = peer(how);

	kind = kinds[how / 8 % 3];
	snprintf(text, sizeof text,
		 "candidate:%d 1 %s %d %d.%d.%d.%d %d typ %s", how, kind[0],
		 how + 1, a.ip[0], a.ip[1], a.ip[2], a.ip[3], a.port, kind[1]);
	(void)altair_agent_add_remote(w.a, w.now, text);
	if ((how & 0xe0) == 0xe0)
		(void)altair_agent_restart(w.a, w.now);
	(void)air_credentials_read(&w.peer.remote, altair_agent_ufrag(w.a),
				   altair_agent_pwd(w.a));
	(void)altair_agent_remote(w.a, w.now, w.peer.local.ufrag,
				  w.peer.local.pwd);
	drain();
}

static void wait(struct air_reader *r)
{
	uint16_t how = air_read_u16(r);
	altair_time deadline = drain();

	if (how < 0x8000)
		w.now += ALTAIR_USEC(how) * (how & 1 ? 10 : 1000);
	else if (deadline != ALTAIR_NEVER && deadline > w.now)
		w.now = deadline;
	altair_tick(w.m, w.now);
	FUZZ_CHECK(drain() > w.now);
}

static void end(struct air_reader *r)
{
	if (air_read_u8(r) != 0 || w.closed)
		return;
	drain();
	altair_agent_close(w.a);
	w.closed = true;
	drain();
}

static void begin(struct air_reader *r)
{
	static _Alignas(max_align_t) uint8_t memory[1 << 16];
	uint8_t how = air_read_u8(r);
	altair_agent_config config;
	altair_addr host = {.family = ALTAIR_IPV4, .ip = {10, 1}, .port = 99};
	altair_agent_relay relay = {.size = sizeof relay,
				    .server = server(0),
				    .name = air_text("u"),
				    .password = air_text("p")};
	size_t size;

	memset(&w, 0, sizeof w);
	toy_state = 0;
	altair_agent_config_default(&config);
	config.crypto = &toy_crypto;
	config.controlling = how & 1;
	config.relay_only = how & 2;
	size = altair_agent_size(&config);
	FUZZ_CHECK(size > 0 && size <= sizeof memory);
	FUZZ_CHECK(altair_agent_init(&w.a, memory, size, &config, 0) == 0);
	w.m = altair_agent_machine(w.a);
	FUZZ_CHECK(altair_agent_add_host(w.a, 0, HOST, &host) == 0);
	FUZZ_CHECK(altair_agent_add_relay(w.a, 0, &relay) == 0);
	relay.is_stream = true;
	FUZZ_CHECK(altair_agent_add_relay(w.a, 0, &relay) == 1);
	FUZZ_CHECK(altair_agent_gather(w.a, 0) == 0);
	altair_agent_seal(w.a, 0);
	w.peer.crypto = &toy_crypto;
	w.peer.has_remote = true;
	(void)air_credentials_read(&w.peer.remote, altair_agent_ufrag(w.a),
				   altair_agent_pwd(w.a));
	(void)air_credentials_read(&w.peer.local, "peer",
				   "0123456789012345678901");
	drain();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static void (*const moves[])(struct air_reader *) = {
		answer_turn, answer_turn, answer_turn,	answer_turn,
		relay_check, relay_data,  answer_check, answer_check,
		noise,	     turn_stream, wrap,		signal,
		wait,	     wait,	  wait,		end,
	};
	struct air_reader r = air_reader((altair_bytes){data, len});

	begin(&r);
	for (unsigned n = 0; !r.failed && n < 500; n++)
		moves[air_read_u8(&r) % (sizeof moves / sizeof *moves)](&r);
	drain();
	return 0;
}
