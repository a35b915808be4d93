/*
 * The secret is proved by SPAKE2, which tells an eavesdropper nothing and somebody in
 * between one guess; what it introduces are keys of this run alone, which the DTLS
 * session then asks for. A ClientHello may come from elsewhere here, so a cookie is
 * asked for.
 */
#define _GNU_SOURCE
#include "shield.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT "altair 1 path"

/* The first byte of each protected datagram. */
#define KIND_MESSAGE 0

/* The first byte of a lot: none of STUN, DTLS, an introduction or a word. */
#define LOT 0xf4
#define LOT_INTERVAL ALTAIR_MSEC(400)
#define LOTS_MAX 12

static altair_time now_of(const struct shield *s)
{
	return altair_uv_now(s->driver);
}

static void fail(struct shield *s, int reason)
{
	if (s->is_over)
		return;
	s->is_over = true;
	s->handlers.failed(s->handlers.user, reason, s->is_met);
}

static int send_bytes(struct shield *s, altair_bytes bytes)
{
	altair_datagram datagram;
	int error = altair_punch_wrap(s->punch, now_of(s), bytes, &datagram);

	return error ? error : altair_uv_send(s->driver, &datagram);
}

/* --- the two machines ------------------------------------------------------ */

static int begin_meet(struct shield *s)
{
	uint8_t spki[ALTAIR_SPKI_LEN];
	altair_meet_config config;
	size_t need;

	altair_openssl_key_spki(s->key, spki);
	altair_meet_config_default(&config);
	config.crypto = altair_openssl();
	config.pake = altair_openssl_pake();
	config.role = s->is_caller ? ALTAIR_MEET_CALLER : ALTAIR_MEET_LISTENER;
	config.secret =
		(altair_bytes){(const uint8_t *)s->secret, s->secret_len};
	config.context =
		(altair_bytes){(const uint8_t *)CONTEXT, strlen(CONTEXT)};
	config.identity = (altair_bytes){spki, sizeof spki};
	config.is_datagram = true;
	need = altair_meet_size(&config);
	if (!s->meet_memory)
		s->meet_memory = malloc(need);
	if (!s->meet_memory)
		return ALTAIR_E_MEMORY;
	return altair_meet_init(&s->meet, s->meet_memory, need, &config,
				now_of(s));
}

static int begin_secure(struct shield *s)
{
	altair_secure_config config;
	altair_bytes peer = altair_meet_peer(s->meet);
	size_t need;
	int error;

	altair_secure_config_default(&config);
	config.dtls = &s->dtls;
	config.role.is_client = s->is_caller;
	config.role.asks_cookie = true;
	altair_openssl()->sha256(NULL, &peer, 1, config.role.peer);
	need = altair_secure_size(&config);
	s->secure_memory = malloc(need);
	if (!s->secure_memory)
		return ALTAIR_E_MEMORY;
	error = altair_secure_init(&s->secure, s->secure_memory, need, &config);
	if (error)
		return error;
	altair_secure_rtt(s->secure, s->rtt);
	altair_secure_start(s->secure, now_of(s));
	return 0;
}

static void on_event(struct shield *s, const altair_output *out)
{
	int error = 0;

	if (out->event == ALTAIR_EV_INTRODUCED) {
		s->is_met = true;
		error = begin_secure(s);
	} else if (out->event == ALTAIR_EV_SECURED) {
		s->is_secured = true;
		s->handlers.secured(s->handlers.user, now_of(s) - s->began);
	} else if (out->event == ALTAIR_EV_FAILED) {
		error = out->reason;
	}
	if (error)
		fail(s, error);
}

static altair_time drain(struct shield *s, altair_machine *machine)
{
	altair_output out;
	enum altair_step step;

	while ((step = altair_poll(machine, &out)) != ALTAIR_WAIT) {
		if (step == ALTAIR_EVENT)
			on_event(s, &out);
		else
			send_bytes(s, out.datagram.bytes); /* lost: repeated */
	}
	return out.deadline;
}

/* --- who speaks first ------------------------------------------------------ */

static bool is_waiting(const struct shield *s)
{
	return s->is_begun && !s->is_over &&
	       altair_meet_state(s->meet) == ALTAIR_MEET_WAITING;
}

/* Each says a number until the introduction goes on; who has the lower one is the
 * caller. Whoever forges one costs us time, as if he cut the line. */
static void say_lot(struct shield *s)
{
	uint8_t bytes[1 + sizeof s->lot] = {LOT};

	s->lot_at = ALTAIR_NEVER;
	if (s->lots == 0 || !is_waiting(s))
		return;
	s->lots--;
	memcpy(bytes + 1, s->lot, sizeof s->lot);
	send_bytes(s, (altair_bytes){bytes, sizeof bytes});
	s->lot_at = now_of(s) + LOT_INTERVAL;
}

static void draw(struct shield *s)
{
	if (s->has_lot || !is_waiting(s) ||
	    altair_openssl()->random(NULL, s->lot, sizeof s->lot) != 0)
		return;
	s->has_lot = true;
	s->lots = LOTS_MAX;
	say_lot(s);
}

/* One who has tried our secret has had his guess: no other beginning then. */
static void turn(struct shield *s, bool is_caller)
{
	int error;

	if (s->is_caller == is_caller || !is_waiting(s))
		return;
	s->is_caller = is_caller;
	altair_meet_close(s->meet);
	error = begin_meet(s);
	if (error)
		fail(s, error);
}

/* False: it is none. */
static bool take_lot(struct shield *s, altair_bytes bytes)
{
	if (bytes.len != 1 + sizeof s->lot || bytes.data[0] != LOT)
		return false;
	draw(s);
	if (s->has_lot)
		turn(s, memcmp(s->lot, bytes.data + 1, sizeof s->lot) < 0);
	return true;
}

/* --- time ------------------------------------------------------------------ */

static void on_timer(uv_timer_t *timer);

/* Lets both say what they have to say, and wakes them when they want. */
static void pump(struct shield *s)
{
	altair_time at = drain(s, altair_meet_machine(s->meet)), now;

	if (s->secure) {
		altair_time other = drain(s, altair_secure_machine(s->secure));

		at = other < at ? other : at;
	}
	at = s->lot_at < at ? s->lot_at : at;
	uv_timer_stop(&s->timer);
	if (at == ALTAIR_NEVER || s->is_over)
		return;
	now = now_of(s);
	at = at > now ? at - now : 0;
	uv_timer_start(&s->timer, on_timer,
		       (at + ALTAIR_MSEC(1) - 1) / ALTAIR_MSEC(1), 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct shield *s = timer->data;

	if (s->lot_at <= now_of(s))
		say_lot(s);
	altair_tick(altair_meet_machine(s->meet), now_of(s));
	if (s->secure)
		altair_tick(altair_secure_machine(s->secure), now_of(s));
	pump(s);
}

/* --- the command's side ---------------------------------------------------- */

int air_shield_begin(struct shield *shield, uv_loop_t *loop, bool is_caller)
{
	int error = altair_openssl_key_new(&shield->key);

	if (!error)
		error = altair_openssl_dtls_open(&shield->dtls, shield->key);
	if (error)
		return error;
	shield->is_begun = true;
	shield->is_caller = is_caller;
	shield->began = now_of(shield);
	shield->lot_at = ALTAIR_NEVER;
	uv_timer_init(loop, &shield->timer);
	shield->timer.data = shield;
	error = begin_meet(shield);
	if (!error)
		pump(shield);
	return error;
}

void air_shield_draw(struct shield *shield)
{
	if (!shield->is_begun)
		return;
	draw(shield);
	pump(shield);
}

void air_shield_rtt(struct shield *shield, altair_time rtt)
{
	shield->rtt = rtt;
	if (shield->secure)
		altair_secure_rtt(shield->secure, rtt);
}

static void take_message(struct shield *s, altair_bytes bytes)
{
	if (bytes.len == 0 || bytes.data[0] != KIND_MESSAGE)
		return;
	s->messages_in++;
	s->bytes_in += bytes.len - 1;
	s->handlers.message(s->handlers.user,
			    (altair_bytes){bytes.data + 1, bytes.len - 1});
}

void air_shield_input(struct shield *shield, const altair_datagram *datagram)
{
	altair_datagram copy = *datagram;

	if (!shield->is_begun || shield->is_over)
		return;
	if (take_lot(shield, copy.bytes)) {
		pump(shield);
		return;
	}
	altair_input(altair_meet_machine(shield->meet), now_of(shield), &copy,
		     1);
	if (copy.verdict == ALTAIR_NOT_MINE && shield->secure)
		altair_input(altair_secure_machine(shield->secure),
			     now_of(shield), &copy, 1);
	pump(shield); /* SECURED comes before the first message */
	if (copy.verdict == ALTAIR_PAYLOAD)
		take_message(shield, copy.bytes);
}

int air_shield_send(struct shield *shield, altair_bytes message)
{
	uint8_t room[ALTAIR_DTLS_DATAGRAM_MAX];
	uint8_t *payload = room + ALTAIR_SECURE_HEADROOM;
	altair_datagram datagram;
	int error;

	if (message.len > SHIELD_MESSAGE_MAX)
		return ALTAIR_E_TOO_LONG;
	if (!shield->is_secured || shield->is_over)
		return ALTAIR_E_STATE;
	payload[0] = KIND_MESSAGE;
	memcpy(payload + 1, message.data, message.len);
	error = altair_secure_wrap(shield->secure, payload, message.len + 1,
				   &datagram);
	if (!error)
		error = send_bytes(shield, datagram.bytes);
	if (error)
		return error;
	shield->messages_out++;
	shield->bytes_out += message.len;
	return 0;
}

void air_shield_explain(int reason, bool is_met, char *out, size_t cap)
{
	const char *why = altair_strerror(reason);

	if (reason == ALTAIR_E_SECRET)
		why = "the two secrets differ, or somebody is in between: "
		      "agree on another one, and start both sides again";
	else if (reason == ALTAIR_E_TAMPERED)
		why = "somebody on the way changes or repeats what the two "
		      "sides say: use another network";
	else if (reason == ALTAIR_E_TLS)
		why = "the peer gave it up";
	else if (!is_met && reason == ALTAIR_E_TIMEOUT)
		why = "the peer has not proved that it knows the secret: run "
		      "`altair connect --secret` on both sides, one of them "
		      "with --initiator";
	snprintf(out, cap, "%s%s",
		 is_met ? "the encrypted session could not be set up, or has "
			  "ended: "
			: "",
		 why);
}

void air_shield_end(struct shield *shield)
{
	if (!shield->is_secured || shield->is_over)
		return;
	altair_secure_close(shield->secure);
	pump(shield);
	shield->is_over = true;
	uv_timer_stop(&shield->timer);
}

void air_shield_close(struct shield *shield)
{
	if (shield->is_begun)
		uv_close((uv_handle_t *)&shield->timer, NULL);
	if (shield->secure)
		altair_secure_free(shield->secure);
	if (shield->meet)
		altair_meet_close(shield->meet);
	free(shield->secure_memory);
	free(shield->meet_memory);
	altair_openssl_dtls_close(&shield->dtls);
	altair_openssl_key_free(shield->key);
	explicit_bzero(shield->secret, sizeof shield->secret);
	shield->is_begun = false;
}
