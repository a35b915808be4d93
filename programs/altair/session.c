/*
 * A line is one datagram, without its line end. The three words of the protocol
 * cannot be sent: the peer would swallow them. Input that is at its end from
 * the beginning is no wish to close, but a program without input.
 */
#define _GNU_SOURCE
#include "session.h"

#include "command.h"
#include "print.h"

static void say_unsent(const struct session *s, int error)
{
	if (error == ALTAIR_E_TOO_LONG)
		air_print_note("not sent: the line is longer than %d bytes",
			       s->shield ? SHIELD_MESSAGE_MAX
					 : ALTAIR_MESSAGE_MAX);
	else if (error == ALTAIR_E_WORD)
		air_print_note("not sent: PUNCH, PING and PONG are words of "
			       "the protocol, the peer would not show them");
	else if (error == ALTAIR_E_AGAIN)
		air_print_note("not sent: more than the network takes now");
	else
		air_print_note("not sent: %s", altair_strerror(error));
}

static int send_line(struct session *s, altair_bytes line)
{
	altair_datagram datagram;
	int error;

	if (s->shield)
		return air_shield_send(s->shield, line);
	error = altair_punch_wrap(s->punch, altair_uv_now(s->driver), line,
				  &datagram);
	return error ? error : altair_uv_send(s->driver, &datagram);
}

static void on_line(void *user, altair_bytes line, bool is_cut)
{
	struct session *s = user;
	int error = is_cut ? ALTAIR_E_TOO_LONG : send_line(s, line);

	if (error)
		say_unsent(s, error);
}

static void on_end(void *user, bool at_start)
{
	struct session *s = user;

	if (at_start)
		return;
	air_session_end(s, "end-of-input");
	air_run_end(s->run, EXIT_DONE);
}

void air_session_begin(struct session *session)
{
	session->is_open = true;
	session->input->on_line = on_line;
	session->input->on_end = on_end;
	session->input->user = session;
	air_input_start(session->input);
}

void air_session_end(struct session *session, const char *reason)
{
	altair_punch_stats stats = {.size = sizeof stats};

	if (!session->punch)
		return;
	air_input_stop(session->input);
	altair_punch_get_stats(session->punch, &stats);
	if (session->shield) {
		/* The user's messages, not what carries and prepares them. */
		stats.messages_in = session->shield->messages_in;
		stats.messages_out = session->shield->messages_out;
		stats.bytes_in = session->shield->bytes_in;
		stats.bytes_out = session->shield->bytes_out;
		air_shield_end(session->shield);
	}
	air_report_closed(session->report, reason, &stats,
			  altair_uv_now(session->driver) - session->began);
	session->punch = NULL;
}
