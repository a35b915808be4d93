/*
 * The words of listen, connect and ping. What somebody waits for is on stdout: the
 * code, `✓ Connected` once for a peer, messages. Changes of the path and of the
 * server are notes on stderr.
 */
#define _GNU_SOURCE
#include "chat_report.h"

#include "json.h"
#include "print.h"

#include <altair/secure.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* What a code lives unpaired (docs/rendezvous.md). */
#define CODE_MINUTES 10

struct text {
	char text[160];
};

/* "direct udp 203.0.113.1:12345  23.0 ms": of a relay its address, else the
 * peer's. */
static struct text text_of(const altair_agent_pair *path, altair_time rtt)
{
	static const char *const kinds[] = {
		[ALTAIR_PATH_DIRECT] = "direct udp",
		[ALTAIR_PATH_RELAY] = "relay",
		[ALTAIR_PATH_TCP] = "direct tcp",
	};
	bool is_ours = path->local_type == ALTAIR_CANDIDATE_RELAY;
	char addr[ALTAIR_ADDR_TEXT], ms[32] = "";
	struct text out;

	altair_addr_format(is_ours ? &path->local_addr : &path->remote_addr,
			   addr, sizeof addr);
	if (rtt > 0)
		snprintf(ms, sizeof ms, "  %.*f ms",
			 rtt < ALTAIR_MSEC(1) ? 2 : 1,
			 (double)(rtt / ALTAIR_USEC(1)) / 1000);
	snprintf(out.text, sizeof out.text, "%s %s%s", kinds[path->kind], addr,
		 ms);
	return out;
}

static json_t *event(const struct chat_report *r, const char *name)
{
	return air_json_event(air_run_time(r->run), name);
}

static json_t *peer_event(const struct chat_report *r, const char *name,
			  const struct contact *peer)
{
	char print[ALTAIR_FINGERPRINT_TEXT];
	json_t *object = event(r, name);

	altair_fingerprint_format(peer->peer.key, print);
	if (peer->name[0])
		air_json_text(object, "peer", peer->name);
	air_json_text(object, "fingerprint", print);
	return object;
}

static void add_path(json_t *object, const altair_agent_pair *path,
		     altair_time rtt)
{
	static const char *const kinds[] = {
		[ALTAIR_PATH_DIRECT] = "direct",
		[ALTAIR_PATH_RELAY] = "relay",
		[ALTAIR_PATH_TCP] = "tcp",
	};

	air_json_text(object, "kind", kinds[path->kind]);
	air_json_addr(object, "local", &path->local_addr);
	air_json_addr(object, "remote", &path->remote_addr);
	if (rtt > 0)
		air_json_ms(object, "rtt_ms", rtt);
}

/* ---- before the connection ---- */

static void show_ticket(const struct chat_report *r, const char *text)
{
	json_t *object;

	if (!r->json) {
		air_print("Give this ticket to the other side:\n\n%s\n\n"
			  "Then give theirs here, and Enter:\n",
			  text);
		return;
	}
	object = event(r, "ticket");
	air_json_text(object, "ticket", text);
	air_json_write(object);
}

void air_chat_report_show(struct chat_report *r, const char *text,
			  bool is_ticket)
{
	json_t *object;

	if (is_ticket) {
		show_ticket(r, text);
	} else if (!r->json) {
		if (r->shown > 0 && !r->names) /* else it was used */
			air_print_note("the code before is of no use any more");
		air_print("Code: %s  (%d min)\n"
			  "On the other computer: altair connect %s\n",
			  text, CODE_MINUTES, text);
	} else {
		object = event(r, "code");
		air_json_text(object, "code", text);
		air_json_number(object, "seconds", CODE_MINUTES * 60);
		air_json_write(object);
	}
	r->shown++;
}

void air_chat_report_waiting(const struct chat_report *r,
			     const struct contacts *peers)
{
	json_t *object, *list;

	if (!r->json) {
		air_print("Waiting for ");
		for (size_t i = 0; i < peers->count; i++)
			air_print("%s%s", i ? ", " : "", peers->item[i].name);
		air_print("\n");
		return;
	}
	object = event(r, "waiting");
	list = json_array();
	for (size_t i = 0; i < peers->count; i++)
		json_array_append_new(list, json_string(peers->item[i].name));
	json_object_set_new(object, "peers", list);
	air_json_write(object);
}

void air_chat_report_server(const struct chat_report *r, const char *why)
{
	json_t *object;

	if (!r->json) {
		air_print_note("%s%s", why ? why : "the server is there again",
			       why ? "; it is tried again" : "");
		return;
	}
	object = event(r, why ? "server-lost" : "server-back");
	if (why)
		air_json_text(object, "message", why);
	air_json_write(object);
}

void air_chat_report_introduced(const struct chat_report *r,
				const altair_uv_link_peer *peer)
{
	const struct contact nameless = {.peer = *peer};

	if (r->json)
		air_json_write(peer_event(r, "introduced", &nameless));
}

/* ---- the connection ---- */

void air_chat_report_connected(const struct chat_report *r,
			       const struct contact *peer,
			       const altair_agent_pair *path)
{
	char print[ALTAIR_FINGERPRINT_TEXT];
	json_t *object;

	if (!r->json) {
		altair_fingerprint_format(peer->peer.key, print);
		air_print_good("✓ Connected to %s (key %s)  %s", peer->name,
			       print, text_of(path, path->rtt).text);
		return;
	}
	object = peer_event(r, "connected", peer);
	add_path(object, path, path->rtt);
	air_json_write(object);
}

void air_chat_report_path(const struct chat_report *r,
			  const struct contact *peer,
			  const altair_agent_pair *path)
{
	json_t *object;

	if (!r->json) {
		air_print_note("the path to %s is now %s", peer->name,
			       text_of(path, path->rtt).text);
		return;
	}
	object = peer_event(r, "path", peer);
	add_path(object, path, path->rtt);
	air_json_write(object);
}

void air_chat_report_silent(const struct chat_report *r,
			    const struct contact *peer, bool is_silent)
{
	if (r->json)
		air_json_write(
			peer_event(r, is_silent ? "silent" : "back", peer));
	else if (is_silent)
		air_print_note("%s does not answer; it goes on by itself if "
			       "the network comes back",
			       peer->name);
	else
		air_print_note("%s answers again", peer->name);
}

void air_chat_report_message(const struct chat_report *r,
			     const struct contact *peer, altair_bytes message)
{
	json_t *object;

	if (!r->json) {
		if (r->names)
			air_print("%s: ", peer->name);
		air_print_message(message, r->raw);
		return;
	}
	object = peer_event(r, "message", peer);
	air_json_number(object, "bytes", message.len);
	air_json_bytes(object, message);
	air_json_write(object);
}

void air_chat_report_pong(const struct chat_report *r, unsigned number,
			  const altair_agent_pair *path, altair_time rtt)
{
	json_t *object;

	if (!r->json) {
		air_print("pong  %s\n", text_of(path, rtt).text);
		return;
	}
	object = event(r, "pong");
	air_json_number(object, "number", number);
	add_path(object, path, rtt);
	air_json_write(object);
}

void air_chat_report_lost(const struct chat_report *r, unsigned number)
{
	json_t *object;

	if (!r->json) {
		air_print("no answer\n");
		return;
	}
	object = event(r, "no-answer");
	air_json_number(object, "number", number);
	air_json_write(object);
}

void air_chat_report_closed(const struct chat_report *r,
			    const struct contact *peer, const char *reason,
			    const struct chat_count *count,
			    altair_time duration)
{
	json_t *object;

	if (!r->json) {
		if (strcmp(reason, "peer") == 0)
			air_print_note("%s has left", peer->name);
		return;
	}
	object = peer_event(r, "closed", peer);
	air_json_text(object, "reason", reason);
	air_json_number(object, "messages_out", count->messages_out);
	air_json_number(object, "bytes_out", count->bytes_out);
	air_json_number(object, "messages_in", count->messages_in);
	air_json_number(object, "bytes_in", count->bytes_in);
	air_json_number(object, "duration_ms", duration / ALTAIR_MSEC(1));
	air_json_write(object);
}

int air_chat_report_failure(const struct chat_report *r, int code,
			    const char *format, ...)
{
	char sentence[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(sentence, sizeof sentence, format, args);
	va_end(args);
	if (r->json)
		air_json_error(air_run_time(r->run), code, sentence);
	return air_print_failure(code, "%s", sentence);
}
