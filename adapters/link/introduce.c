/*
 * Who meets whom by a server: the code's mailbox, calls to us and by us. Each is a
 * meeting of its own; the first that comes to its end is the session's, and the
 * others are closed.
 *
 * A code is good for one guess (altair/meet.h): after a wrong one the link is over,
 * and says so. A call by somebody who cannot be known is closed, and nothing else
 * happens; one that fails harms nobody but itself.
 */
#define _GNU_SOURCE
#include "link.h"

#include <altair/udp.h>

#include <stdio.h>
#include <string.h>

/* How long a caller waits for the server and for who was called. */
#define CALLER_PATIENCE ALTAIR_SEC(30)

/* ---- meetings ---- */

static struct air_meeting *find(altair_uv_link *link, uint32_t mailbox)
{
	for (size_t i = 0; i < AIR_STAY_MAILBOXES; i++)
		if (link->meetings[i].mailbox == mailbox)
			return &link->meetings[i];
	return NULL;
}

static void leave(altair_uv_link *link, struct air_meeting *meeting,
		  bool failed)
{
	if (meeting->mailbox != ALTAIR_VISIT_NONE)
		altair_visit_close(link->stay.visit, altair_clock_now(),
				   meeting->mailbox, failed);
	air_meeting_close(meeting);
}

static bool is_of_code(const altair_uv_link *link,
		       const struct air_meeting *meeting)
{
	return meeting == &link->meetings[0] &&
	       link->way != ALTAIR_UV_LINK_CALL;
}

static int open_by_code(altair_uv_link *link, enum altair_meet_role role)
{
	uint8_t spki[ALTAIR_SPKI_LEN];
	char secret[ALTAIR_CODE_TEXT], context[48];
	struct air_meeting_terms terms = {
		.role = role,
		.context = context,
		.identity = {spki, sizeof spki},
	};
	int len = altair_code_secret(&link->code, secret, sizeof secret), error;

	if (len < 0)
		return len;
	if (role == ALTAIR_MEET_CALLER)
		terms.patience = CALLER_PATIENCE;
	terms.secret = (altair_bytes){(const uint8_t *)secret, (size_t)len};
	altair_openssl_key_spki(link->key, spki);
	snprintf(context, sizeof context, "altair 1 code %u",
		 (unsigned)link->code.nameplate);
	link->meetings[0].nameplate = link->code.nameplate;
	error = air_meeting_open(&link->meetings[0], &terms);
	explicit_bzero(secret, sizeof secret);
	return error;
}

static int open_by_pair(altair_uv_link *link, struct air_meeting *meeting,
			const struct air_known *known,
			enum altair_meet_role role)
{
	uint8_t spki[ALTAIR_SPKI_LEN];
	char context[64];
	const struct air_meeting_terms terms = {
		.role = role,
		.secret = {known->peer.pair, sizeof known->peer.pair},
		.context = context,
		.identity = {spki, sizeof spki},
		.patience = role == ALTAIR_MEET_CALLER ? CALLER_PATIENCE : 0,
	};

	altair_openssl_key_spki(link->key, spki);
	air_meeting_pair_context(known->id, context, sizeof context);
	meeting->known = &known->peer;
	return air_meeting_open(meeting, &terms);
}

/* ---- the beginning ---- */

static int listen_by_code(altair_uv_link *link)
{
	int mailbox = altair_visit_listen(link->stay.visit, altair_clock_now());

	if (mailbox < 0)
		return mailbox;
	link->meetings[0].mailbox = (uint32_t)mailbox;
	link->code.nameplate = 0;
	return altair_code_draw(&link->code, altair_openssl());
}

static int begin_listening(altair_uv_link *link)
{
	int error = link->no_code ? 0 : listen_by_code(link);

	if (!error && link->known_count > 0)
		error = altair_visit_present(link->stay.visit,
					     altair_clock_now());
	return error;
}

int air_introduce_begin(altair_uv_link *link)
{
	switch (link->way) {
	case ALTAIR_UV_LINK_LISTEN:
		return begin_listening(link);
	case ALTAIR_UV_LINK_CODE:
		return open_by_code(link, ALTAIR_MEET_CALLER);
	case ALTAIR_UV_LINK_CALL:
		return open_by_pair(link, &link->meetings[0], &link->known[0],
				    ALTAIR_MEET_CALLER);
	case ALTAIR_UV_LINK_TICKET:
		break;
	}
	return 0;
}

/* ---- what the meetings say ---- */

/* The first message asks for the mailbox. */
static void send_body(altair_uv_link *link, struct air_meeting *meeting,
		      altair_bytes body)
{
	altair_visit *visit = link->stay.visit;
	altair_time now = altair_clock_now();
	int mailbox;

	if (meeting->mailbox != ALTAIR_VISIT_NONE) {
		(void)altair_visit_send(visit, now, meeting->mailbox, body);
		return;
	}
	if (meeting->known)
		mailbox = altair_visit_call(visit, now, link->known[0].peer.key,
					    link->known[0].id, body);
	else
		mailbox = altair_visit_claim(visit, now, link->code.nameplate,
					     body);
	if (mailbox < 0)
		air_link_fail(link, mailbox, altair_strerror(mailbox));
	else
		meeting->mailbox = (uint32_t)mailbox;
}

static void hash_spki(altair_bytes spki, uint8_t out[32])
{
	const altair_crypto *crypto = altair_openssl();

	crypto->sha256(crypto->user, &spki, 1, out);
}

/* Our part of the introduction is our key and, if it fits, all that we know by now
 * of the ways to us: one way through the server less until there is a path. */
static void describe_us(altair_uv_link *link, struct air_meeting *meeting)
{
	uint8_t room[ALTAIR_SPKI_LEN + ALTAIR_AGENT_DESCRIPTION_TEXT];
	altair_bytes identity = {room, ALTAIR_SPKI_LEN};
	int len = air_talk_describe(&link->talk, (char *)room + ALTAIR_SPKI_LEN,
				    sizeof room - ALTAIR_SPKI_LEN);

	if (len < 0)
		return;
	altair_openssl_key_spki(link->key, room);
	identity.len += (size_t)len;
	meeting->is_described =
		altair_meet_identity(meeting->meet, identity) == 0;
}

/* What was not in it, or came since. */
static void describe_more(altair_uv_link *link, struct air_meeting *meeting)
{
	char lines[ALTAIR_AGENT_DESCRIPTION_TEXT];

	if ((!meeting->is_described || link->has_more) &&
	    air_talk_describe(&link->talk, lines, sizeof lines) > 0)
		air_meeting_tell(meeting, lines);
	link->has_more = false;
}

static void take_lines(altair_uv_link *link, altair_bytes payload)
{
	char lines[ALTAIR_NOTE_BODY_MAX + 1];

	if (payload.len == 0 || payload.len >= sizeof lines)
		return;
	memcpy(lines, payload.data, payload.len);
	lines[payload.len] = '\0';
	(void)air_talk_accept(&link->talk, lines);
}

/* The first one; the others are closed. */
static void settle(altair_uv_link *link, struct air_meeting *meeting)
{
	altair_bytes identity = altair_meet_peer(meeting->meet);
	altair_uv_link_peer peer;
	bool by_code = is_of_code(link, meeting);

	hash_spki((altair_bytes){identity.data, ALTAIR_SPKI_LEN}, peer.key);
	if (meeting->known)
		peer = *meeting->known;
	else if (altair_meet_pair(meeting->meet, peer.pair) != 0)
		return;
	link->met = meeting;
	for (size_t i = 0; i < AIR_STAY_MAILBOXES; i++)
		if (&link->meetings[i] != meeting)
			leave(link, &link->meetings[i], false);
	describe_more(link, meeting);
	take_lines(link, (altair_bytes){identity.data + ALTAIR_SPKI_LEN,
					identity.len - ALTAIR_SPKI_LEN});
	air_link_introduce(link, &peer, by_code, meeting->is_caller);
	explicit_bzero(&peer, sizeof peer);
}

static void fail_code(altair_uv_link *link, int reason, bool is_spent)
{
	bool is_ours = link->way == ALTAIR_UV_LINK_LISTEN;

	if (reason == ALTAIR_E_TIMEOUT && !is_spent)
		air_link_fail(link, reason,
			      "the other side does not answer; is it still "
			      "there");
	else if (reason == ALTAIR_E_TAMPERED)
		air_link_fail(link, reason,
			      "somebody between the two sides has changed "
			      "messages; nothing was disclosed, but use "
			      "another server");
	else if (is_ours)
		air_link_fail(link, ALTAIR_E_SECRET,
			      "somebody came with a wrong code; the code is "
			      "used up, listen again for a new one");
	else
		air_link_fail(link, ALTAIR_E_SECRET,
			      "the code is wrong, and is used up now; ask the "
			      "other side for a new one");
}

/* Who is in between has ended the meeting of who is introduced. A protected session
 * needs it no more: it only loses its signalling. */
static void lose_met(altair_uv_link *link, int reason)
{
	link->met = NULL;
	if (!link->is_connected)
		fail_code(link, reason, true);
}

static void fail_meeting(altair_uv_link *link, struct air_meeting *meeting,
			 const altair_output *out)
{
	bool by_code = is_of_code(link, meeting);
	bool is_ours = by_code || link->way == ALTAIR_UV_LINK_CALL;
	bool is_listener = link->way == ALTAIR_UV_LINK_LISTEN;

	leave(link, meeting, out->number == 1);
	if (meeting == link->met)
		lose_met(link, out->reason);
	if (!is_ours || link->is_introduced)
		return;
	if (by_code && is_listener && out->number == 0)
		(void)listen_by_code(link); /* nobody has tried this one */
	else if (by_code)
		fail_code(link, out->reason, out->number == 1);
	else
		air_link_fail(link, out->reason,
			      out->reason == ALTAIR_E_TIMEOUT
				      ? "the peer does not answer"
				      : "the peer does not know us any more, "
					"or it is somebody else; meet by a "
					"code again");
}

/* Who knows the secret has to be who we have met, if we have. */
static bool is_right(const struct air_meeting *meeting)
{
	altair_bytes identity = altair_meet_peer(meeting->meet);
	uint8_t hash[32];

	if (identity.len < ALTAIR_SPKI_LEN)
		return false;
	hash_spki((altair_bytes){identity.data, ALTAIR_SPKI_LEN}, hash);
	return !meeting->known ||
	       memcmp(hash, meeting->known->key, sizeof hash) == 0;
}

static void take_event(altair_uv_link *link, struct air_meeting *meeting,
		       const altair_output *out)
{
	bool is_ours;

	if (out->event == ALTAIR_EV_FAILED) {
		fail_meeting(link, meeting, out);
		return;
	}
	if (out->event != ALTAIR_EV_INTRODUCED)
		return;
	if (is_right(meeting)) {
		settle(link, meeting);
		return;
	}
	is_ours = meeting == &link->meetings[0];
	leave(link, meeting, false);
	if (is_ours)
		air_link_fail(link, ALTAIR_E_IDENTITY,
			      "the peer has another key than when you met; "
			      "meet by a code again if that is right");
}

/* Polls one dry and returns its deadline. */
static altair_time drain(altair_uv_link *link, struct air_meeting *meeting)
{
	altair_output out = {.deadline = ALTAIR_NEVER};
	enum altair_step step;

	while (meeting->meet && !link->is_over) {
		step = altair_poll(altair_meet_machine(meeting->meet), &out);
		if (step == ALTAIR_WAIT)
			return out.deadline;
		if (step == ALTAIR_SEND)
			send_body(link, meeting, out.datagram.bytes);
		else
			take_event(link, meeting, &out);
	}
	return ALTAIR_NEVER;
}

altair_time air_introduce_run(altair_uv_link *link, altair_time now)
{
	altair_time deadline = ALTAIR_NEVER, next;

	for (size_t i = 0; i < AIR_STAY_MAILBOXES && !link->is_over; i++) {
		struct air_meeting *meeting = &link->meetings[i];

		if (!meeting->meet)
			continue;
		altair_tick(altair_meet_machine(meeting->meet), now);
		next = drain(link, meeting);
		if (next < deadline)
			deadline = next;
		if (meeting->meet && !link->is_over)
			air_meeting_flush(meeting, link->stay.visit);
	}
	return deadline;
}

void air_introduce_tell(altair_uv_link *link, const char *lines)
{
	if (!link->met) {
		link->has_more = true;
		return;
	}
	air_meeting_tell(link->met, lines);
	air_link_kick(link);
}

/* ---- what the server says ---- */

/* A number for our code: from now on somebody can come with it. */
static void take_nameplate(altair_uv_link *link, struct air_meeting *meeting,
			   uint32_t nameplate)
{
	char text[ALTAIR_CODE_TEXT];
	uint32_t mailbox = meeting->mailbox;
	int error;

	if (meeting != &link->meetings[0] || link->is_introduced ||
	    nameplate == meeting->nameplate)
		return;
	if (meeting->meet &&
	    altair_meet_state(meeting->meet) != ALTAIR_MEET_WAITING)
		return; /* the words have been tried */
	link->code.nameplate = nameplate;
	air_meeting_close(meeting);
	meeting->mailbox = mailbox;
	error = open_by_code(link, ALTAIR_MEET_LISTENER);
	if (error)
		air_link_fail(link, error, altair_strerror(error));
	else if (altair_code_format(&link->code, text, sizeof text) > 0)
		air_link_show(link, text);
	explicit_bzero(text, sizeof text);
}

static void take_call(altair_uv_link *link, uint32_t mailbox,
		      const uint8_t id[ALTAIR_NOTE_ID_LEN])
{
	struct air_meeting *free_one = NULL;
	const struct air_known *known = NULL;

	for (size_t i = link->known_count; i-- > 0;)
		if (memcmp(link->known[i].id, id, ALTAIR_NOTE_ID_LEN) == 0)
			known = &link->known[i];
	for (size_t i = AIR_STAY_MAILBOXES; i-- > 1;)
		if (link->meetings[i].mailbox == ALTAIR_VISIT_NONE)
			free_one = &link->meetings[i];
	if (!known || !free_one || link->is_introduced ||
	    open_by_pair(link, free_one, known, ALTAIR_MEET_LISTENER) != 0) {
		altair_visit_close(link->stay.visit, altair_clock_now(),
				   mailbox, false);
		return;
	}
	free_one->mailbox = mailbox;
}

/* Why a call or a claim of ours came to nothing. */
static int refusal_reason(enum altair_refusal refusal)
{
	switch (refusal) {
	case ALTAIR_REFUSED_NO_SUCH_NAMEPLATE:
	case ALTAIR_REFUSED_USED:
	case ALTAIR_REFUSED_EXPIRED:
	case ALTAIR_REFUSED_ABSENT:
		return ALTAIR_E_NO_PEER;
	case ALTAIR_REFUSED_LIMIT:
	case ALTAIR_REFUSED_BUSY:
		return ALTAIR_E_AGAIN;
	case ALTAIR_REFUSED_NOT_ALLOWED:
		return ALTAIR_E_FORBIDDEN;
	default:
		return ALTAIR_E_SERVER;
	}
}

static void take_refusal(altair_uv_link *link, const altair_visit_output *out)
{
	struct air_meeting *meeting = find(link, out->mailbox);

	if (out->mailbox == ALTAIR_VISIT_NONE) {
		if (link->is_introduced)
			return; /* that we can be called is not needed */
		air_link_fail(link, refusal_reason(out->refusal),
			      altair_refusal_sentence(out->refusal));
		return;
	}
	if (!meeting)
		return;
	air_meeting_close(meeting);
	if (meeting != &link->meetings[0])
		return;
	if (link->way == ALTAIR_UV_LINK_LISTEN &&
	    out->refusal == ALTAIR_REFUSED_EXPIRED)
		(void)listen_by_code(link); /* it has grown old: a new one */
	else
		air_link_fail(link, refusal_reason(out->refusal),
			      altair_refusal_sentence(out->refusal));
}

static void take_gone(altair_uv_link *link, const altair_visit_output *out)
{
	struct air_meeting *meeting = find(link, out->mailbox);
	bool was_met = meeting && meeting == link->met;
	bool is_ours = meeting == &link->meetings[0];
	bool is_tried;

	if (!meeting)
		return;
	is_tried = meeting->meet &&
		   altair_meet_state(meeting->meet) == ALTAIR_MEET_ANSWERED;
	air_meeting_close(meeting);
	if (was_met) {
		link->met = NULL;
		link->is_gone = true;
		return;
	}
	if (!is_ours)
		return;
	if (is_of_code(link, meeting) && (out->failed || is_tried))
		fail_code(link, ALTAIR_E_SECRET, true);
	else if (is_of_code(link, meeting) &&
		 link->way == ALTAIR_UV_LINK_LISTEN)
		(void)listen_by_code(link);
	else
		air_link_fail(link, ALTAIR_E_CLOSED,
			      "the other side has gone, or does not want us");
}

void air_introduce_event(altair_uv_link *link, enum altair_visit_step step,
			 const altair_visit_output *out)
{
	struct air_meeting *meeting = find(link, out->mailbox);

	switch (step) {
	case ALTAIR_VISIT_NAMEPLATE:
		if (meeting)
			take_nameplate(link, meeting, out->nameplate);
		break;
	case ALTAIR_VISIT_CALLED:
		take_call(link, out->mailbox, out->pair);
		break;
	case ALTAIR_VISIT_GONE:
		take_gone(link, out);
		break;
	case ALTAIR_VISIT_REFUSED:
		take_refusal(link, out);
		break;
	default:
		break;
	}
}

void air_introduce_body(altair_uv_link *link, uint32_t mailbox,
			altair_bytes body)
{
	struct air_meeting *meeting = find(link, mailbox);
	altair_datagram datagram = {.bytes = body};

	if (!meeting || !meeting->meet || link->is_over)
		return;
	if (altair_meet_state(meeting->meet) == ALTAIR_MEET_WAITING)
		describe_us(link, meeting);
	altair_input(altair_meet_machine(meeting->meet), altair_clock_now(),
		     &datagram, 1);
	drain(link, meeting);
	if (datagram.verdict == ALTAIR_PAYLOAD && meeting == link->met)
		take_lines(link, datagram.bytes);
	if (meeting->meet && !link->is_over)
		air_meeting_flush(meeting, link->stay.visit);
}

void air_introduce_end(altair_uv_link *link)
{
	for (size_t i = 0; i < AIR_STAY_MAILBOXES; i++)
		leave(link, &link->meetings[i], false);
	link->met = NULL;
}
