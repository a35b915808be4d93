/*
 * The world of the agent tests: two agents in virtual time, a line between them
 * that the test can bend, signalling that takes time, and everything that they
 * told. Either agent may be left out: then the test plays the peer.
 */
#ifndef ALTAIR_ICE_WORLD_H
#define ALTAIR_ICE_WORLD_H

#include "check.h"
#include "ice/session.h"

#include <altair/openssl.h>

#include <stdlib.h>

#define MS(n) ALTAIR_MSEC(n)
#define START ALTAIR_SEC(1000)
#define FLIGHTS_MAX 512
#define SIGNALS_MAX 256

struct flight {
	altair_time at;
	int to;
	altair_path path; /* as the receiver sees it */
	size_t len;
	uint8_t odd; /* nobody may rely on alignment */
	uint8_t bytes[1500];
};

/* A line of the signalling: credentials, a candidate, or the end of them. */
struct signal {
	altair_time at;
	int to;
	enum altair_event what;
	char text[ALTAIR_CANDIDATE_TEXT];
	char ufrag[32], pwd[64];
};

/* Another socket of a side, and how much farther it is from the world. */
struct place {
	uint32_t sock;
	altair_addr addr, public;
	altair_time delay;
};

#define PLACES_MAX 4

struct side {
	altair_agent *agent;
	altair_machine *machine;
	void *memory;
	altair_addr addr;   /* what it binds                              */
	altair_addr public; /* what the others see: a NAT that lets all in */
	struct place places[PLACES_MAX]; /* beside sock 7, which is the above */
	size_t place_count;
	altair_time deadline;
	altair_time state_at[8]; /* when a state first came, or NEVER         */
	uint64_t sent;
	uint32_t state; /* the last one that it told                          */
	bool has_spoken; /* data left, and no input or tick since              */
	int reason;
	altair_addr selected;
	unsigned
		credentials; /* times that it told new ones                   */
	uint8_t received[1500];
	size_t received_len, received_count;
	altair_time received_at;
};

/* A STUN server, and what it sees: no address where it does not answer. */
struct stun_server {
	altair_addr addr, sees[2];
};

static struct {
	struct side side[2];
	struct stun_server servers[ALTAIR_AGENT_SERVERS_MAX];
	altair_time now;
	altair_time delay, signal_delay;
	struct flight flights[FLIGHTS_MAX];
	size_t flight_count;
	altair_addr victim; /* whatever goes to its IP is counted             */
	uint64_t victim_packets, victim_bytes;
	bool (*drop)(const struct flight *flight);
	struct signal
		signals[SIGNALS_MAX]; /* in the order of sending         */
	size_t signal_count;
	bool is_signalling; /* what agents tell goes to the other one                */
} w;

/* Changes of state that either side has told, in all worlds. */
static bool edges_seen[8][8];

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

static inline const altair_crypto *crypto(void)
{
	static altair_crypto table;

	table = *altair_openssl();
	table.random = some_random;
	return &table;
}

static inline altair_addr addr(const char *text)
{
	altair_addr a;

	CHECK_EQ(altair_addr_parse(&a, text), 0);
	return a;
}

static inline altair_agent_config config(bool controlling)
{
	altair_agent_config c;

	altair_agent_config_default(&c);
	c.crypto = crypto();
	c.controlling = controlling;
	return c;
}

static inline void begin(void)
{
	for (int s = 0; s < 2; s++)
		free(w.side[s].memory);
	memset(&w, 0, sizeof w);
	random_state = 42;
	w.now = START;
	w.delay = MS(25);
}

/* An agent with one host candidate, which the world sees as `public`. */
static inline void add(int s, const altair_agent_config *c, const char *host,
		       const char *public)
{
	struct side *side = &w.side[s];
	size_t size = altair_agent_size(c);

	CHECK(size > 0);
	side->memory = malloc(size);
	CHECK_EQ(altair_agent_init(&side->agent, side->memory, size, c, w.now),
		 0);
	side->machine = altair_agent_machine(side->agent);
	side->addr = addr(host);
	side->public = addr(public);
	for (int i = 0; i < 8; i++)
		side->state_at[i] = ALTAIR_NEVER;
	CHECK_EQ(altair_agent_add_host(side->agent, w.now, 7, &side->addr), 0);
}

/* The answer of a server, for the one that asked. */
static inline void launch_answer(int from, const struct stun_server *server,
				 altair_bytes request)
{
	struct flight *f = &w.flights[w.flight_count];
	struct air_stun_value value = {.addr = server->sees[from]};
	struct air_stun_message m;
	struct air_stun_builder b;

	CHECK(air_stun_message_read(&m, request, AIR_STUN_SET_BASE));
	CHECK(w.flight_count < FLIGHTS_MAX);
	m.header.class = AIR_STUN_SUCCESS;
	air_stun_build(&b, f->bytes, sizeof f->bytes, &m.header);
	air_stun_build_attr(&b, AIR_STUN_XOR_MAPPED_ADDRESS, &value);
	f->len = air_stun_build_end(&b).len;
	f->at = w.now + 2 * w.delay;
	f->to = from;
	f->path = (altair_path){7, w.side[from].addr, server->addr};
	w.flight_count++;
}

/* The place of a socket, or of a public address. */
static inline bool find_place(int s, uint32_t sock, const altair_addr *public,
			      struct place *out)
{
	const struct side *side = &w.side[s];

	*out = (struct place){7, side->addr, side->public, 0};
	for (size_t i = 0; i <= side->place_count; i++) {
		if (public ? altair_addr_equal(&out->public, public)
			   : out->sock == sock)
			return true;
		if (i < side->place_count)
			*out = side->places[i];
	}
	return false;
}

static inline void launch(int from, const altair_datagram *d)
{
	struct flight *f = &w.flights[w.flight_count];
	struct place source, target;

	CHECK_EQ(d->segment, 0);
	CHECK(find_place(from, d->path.sock, NULL, &source));
	CHECK(d->bytes.len > 0 && d->bytes.len <= sizeof f->bytes);
	w.side[from].sent++;
	if (altair_addr_same_ip(&d->path.remote, &w.victim)) {
		w.victim_packets++;
		w.victim_bytes += d->bytes.len;
	}
	for (int i = 0; i < ALTAIR_AGENT_SERVERS_MAX; i++)
		if (altair_addr_equal(&d->path.remote, &w.servers[i].addr) &&
		    w.servers[i].sees[from].family != ALTAIR_NO_FAMILY)
			launch_answer(from, &w.servers[i], d->bytes);
	if (!find_place(!from, 0, &d->path.remote, &target))
		return;
	CHECK(w.flight_count < FLIGHTS_MAX);
	f->at = w.now + w.delay + source.delay + target.delay;
	f->to = !from;
	f->path = (altair_path){target.sock, target.addr, source.public};
	f->len = d->bytes.len;
	memcpy(f->bytes, d->bytes.data, f->len);
	if (!w.drop || !w.drop(f))
		w.flight_count++;
}

/* Takes signal_delay, in order. */
static inline void signal_event(int s, const altair_output *out)
{
	struct signal *signal = &w.signals[w.signal_count];
	altair_agent *a = w.side[s].agent;

	if (!w.is_signalling)
		return;
	CHECK(w.signal_count < SIGNALS_MAX);
	*signal = (struct signal){
		.at = w.now + w.signal_delay, .to = !s, .what = out->event};
	if (out->event == ALTAIR_EV_CREDENTIALS) {
		snprintf(signal->ufrag, sizeof signal->ufrag, "%s",
			 altair_agent_ufrag(a));
		snprintf(signal->pwd, sizeof signal->pwd, "%s",
			 altair_agent_pwd(a));
	} else if (out->event == ALTAIR_EV_CANDIDATE) {
		CHECK(altair_agent_candidate(a, out->number, signal->text,
					     sizeof signal->text) > 0);
	} else if (out->event != ALTAIR_EV_END_OF_CANDIDATES) {
		return;
	}
	w.signal_count++;
}

static inline void see(int s, const altair_output *out)
{
	struct side *side = &w.side[s];

	signal_event(s, out);
	side->credentials += out->event == ALTAIR_EV_CREDENTIALS;

	if (out->event == ALTAIR_EV_STATE) {
		edges_seen[side->state][out->number] = true;
		side->state = out->number;
		CHECK_EQ(out->number, altair_agent_state(side->agent));
		if (side->state_at[out->number] == ALTAIR_NEVER)
			side->state_at[out->number] = w.now - START;
		side->reason = out->reason;
	} else if (out->event == ALTAIR_EV_SELECTED) {
		side->selected = out->addr;
	}
}

/* A socket more, known to the agent or not; returns its place. */
static inline struct place *add_place(int s, uint32_t sock, const char *host,
				      const char *public)
{
	struct side *side = &w.side[s];
	struct place *place = &side->places[side->place_count++];

	CHECK(side->place_count <= PLACES_MAX);
	*place = (struct place){sock, addr(host), addr(public), 0};
	return place;
}

/* Without input or tick between: after data the deadline may have passed. */
static inline void poll_side(int s)
{
	altair_output out;
	enum altair_step step;

	while ((step = altair_poll(w.side[s].machine, &out)) != ALTAIR_WAIT) {
		if (step == ALTAIR_SEND)
			launch(s, &out.datagram);
		else
			see(s, &out);
	}
	w.side[s].deadline = out.deadline;
	CHECK(out.deadline > w.now || w.side[s].has_spoken);
}

static inline void drain(int s)
{
	if (w.side[s].agent)
		poll_side(s);
}

/* Returns the verdict. */
static inline enum altair_verdict deliver(const struct flight *f)
{
	altair_datagram d = {.path = f->path, .bytes = {f->bytes, f->len}};
	struct side *side = &w.side[f->to];

	if (!side->agent)
		return ALTAIR_NOT_MINE;
	side->has_spoken = false;
	altair_input(side->machine, w.now, &d, 1);
	if (d.verdict == ALTAIR_PAYLOAD) {
		memcpy(side->received, f->bytes, f->len);
		side->received_len = f->len;
		if (side->received_count++ == 0)
			side->received_at = w.now - START;
	}
	drain(f->to);
	return d.verdict;
}

/* The flight that arrives first, of several the one sent first. */
static inline size_t next_flight(void)
{
	size_t first = 0;

	for (size_t i = 1; i < w.flight_count; i++)
		if (w.flights[i].at < w.flights[first].at)
			first = i;
	return first;
}

static inline void take_signal(void)
{
	struct signal signal = w.signals[0];
	altair_agent *a = w.side[signal.to].agent;

	w.signal_count--;
	memmove(&w.signals[0], &w.signals[1],
		w.signal_count * sizeof w.signals[0]);
	if (signal.what == ALTAIR_EV_CREDENTIALS)
		CHECK_EQ(
			altair_agent_remote(a, w.now, signal.ufrag, signal.pwd),
			0);
	else if (signal.what == ALTAIR_EV_CANDIDATE)
		altair_agent_add_remote(a, w.now, signal.text);
	else
		altair_agent_end_of_candidates(a, w.now);
	drain(signal.to);
}

static inline altair_time next_event(void)
{
	altair_time at = ALTAIR_NEVER;

	if (w.signal_count > 0)
		at = w.signals[0].at;

	if (w.flight_count > 0 && w.flights[next_flight()].at < at)
		at = w.flights[next_flight()].at;
	for (int s = 0; s < 2; s++)
		if (w.side[s].agent && w.side[s].deadline < at)
			at = w.side[s].deadline;
	return at;
}

static inline void step(void)
{
	if (w.signal_count > 0 && w.signals[0].at <= w.now) {
		take_signal();
		return;
	}
	if (w.flight_count > 0 && w.flights[next_flight()].at <= w.now) {
		size_t i = next_flight();
		struct flight f = w.flights[i];

		w.flight_count--;
		memmove(&w.flights[i], &w.flights[i + 1],
			(w.flight_count - i) * sizeof f);
		deliver(&f);
		return;
	}
	for (int s = 0; s < 2; s++) {
		if (w.side[s].agent && w.side[s].deadline <= w.now) {
			w.side[s].has_spoken = false;
			altair_tick(w.side[s].machine, w.now);
			drain(s);
		}
	}
}

static inline void run_to(altair_time end)
{
	for (int s = 0; s < 2; s++)
		drain(s);
	while (next_event() <= end) {
		w.now = next_event() > w.now ? next_event() : w.now;
		step();
	}
	w.now = end;
}

/* Runs until `ms` after the beginning. */
static inline void run_until(uint64_t ms)
{
	run_to(START + MS(ms));
}

/* Both learn the other's credentials. */
static inline void exchange_credentials(void)
{
	for (int s = 0; s < 2; s++)
		CHECK_EQ(altair_agent_remote(
				 w.side[s].agent, w.now,
				 altair_agent_ufrag(w.side[!s].agent),
				 altair_agent_pwd(w.side[!s].agent)),
			 0);
}

/* `to` learns candidate `number` of the other. */
static inline void signal_candidate(int to, uint32_t number)
{
	char text[ALTAIR_CANDIDATE_TEXT];

	CHECK(altair_agent_candidate(w.side[!to].agent, number, text,
				     sizeof text) > 0);
	CHECK_EQ(altair_agent_add_remote(w.side[to].agent, w.now, text), 0);
}

static inline void gather(void)
{
	for (int s = 0; s < 2; s++) {
		CHECK_EQ(altair_agent_gather(w.side[s].agent, w.now), 0);
		altair_agent_seal(w.side[s].agent, w.now);
	}
}

/* Two open hosts that know all of each other. */
static inline void begin_pair(bool a_controls, bool b_controls)
{
	altair_agent_config a = config(a_controls), b = config(b_controls);

	begin();
	add(0, &a, "192.0.2.1:5000", "192.0.2.1:5000");
	add(1, &b, "192.0.2.2:6000", "192.0.2.2:6000");
	gather();
	exchange_credentials();
	signal_candidate(0, 0);
	signal_candidate(1, 0);
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

/* Sends text from one side; what altair_agent_wrap returned. */
static inline int say(int s, altair_bytes message)
{
	static uint8_t
		room[ALTAIR_AGENT_HEADROOM + 2048 + ALTAIR_AGENT_TAILROOM];
	uint8_t *payload = room + ALTAIR_AGENT_HEADROOM;
	altair_datagram d;
	int rc;

	CHECK(message.len <= 2048);
	memcpy(payload, message.data, message.len);
	rc = altair_agent_wrap(w.side[s].agent, payload, message.len, &d);
	if (rc == 0) {
		launch(s, &d);
		w.side[s].has_spoken = true;
		poll_side(s);
	}
	return rc;
}

#endif
