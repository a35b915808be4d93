/*
 * The words of `altair connect`. The steps on stdout are the guide's, to the
 * letter; what goes beyond them is a note on stderr.
 */
#define _GNU_SOURCE
#include "report.h"

#include "json.h"
#include "print.h"

#include <stdarg.h>
#include <stdio.h>

struct text {
	char text[ALTAIR_ADDR_TEXT];
};

static struct text text_of(const altair_addr *addr)
{
	struct text out;

	altair_addr_format(addr, out.text, sizeof out.text);
	return out;
}

static json_t *event(const struct report *r, const char *name)
{
	return air_json_event(air_run_time(r->run), name);
}

/* An event about one address. */
static void write_addr_event(const struct report *r, const char *name,
			     const char *key, const altair_addr *addr)
{
	json_t *object = event(r, name);

	air_json_addr(object, key, addr);
	air_json_write(object);
}

/* ---- before the connection ---- */

void air_report_begin(const struct report *r, const struct server_list *servers)
{
	char names[512];
	json_t *object, *list;

	if (!r->json) {
		air_server_names(servers, names, sizeof names);
		air_print("=== Altair P2P Connection ===\n\n"
			  "Step 1: Discovering public endpoint via STUN "
			  "(%s)...\n",
			  names);
		return;
	}
	object = event(r, "discovering");
	list = json_array();
	for (size_t i = 0; i < servers->count; i++)
		json_array_append_new(list,
				      json_string(servers->server[i].name));
	json_object_set_new(object, "servers", list);
	air_json_write(object);
}

void air_report_own(const struct report *r, const struct lookup_answer *answer)
{
	json_t *object;

	if (!r->json) {
		air_print_good("✓ Your public endpoint: %s",
			       text_of(&answer->mapped).text);
		return;
	}
	object = event(r, "discovered");
	air_json_addr(object, "endpoint", &answer->mapped);
	air_json_addr(object, "local", &answer->local);
	air_json_text(object, "server", answer->server->name);
	if (answer->rtt)
		air_json_ms(object, "rtt_ms", answer->rtt);
	air_json_write(object);
}

void air_report_moved(const struct report *r, const altair_addr *before,
		      const altair_addr *now)
{
	json_t *object;

	if (!r->json) {
		air_print_note("your public endpoint has changed: it was %s "
			       "and is now %s; give your peer the new one",
			       text_of(before).text, text_of(now).text);
		return;
	}
	object = event(r, "endpoint-changed");
	air_json_addr(object, "before", before);
	air_json_addr(object, "endpoint", now);
	air_json_write(object);
}

const char *air_report_mapping_name(enum altair_mapping mapping)
{
	static const char *const names[] = {
		[ALTAIR_MAPPING_UNKNOWN] = "unknown",
		[ALTAIR_MAPPING_STABLE] = "endpoint-independent",
		[ALTAIR_MAPPING_VARIES] = "per-destination",
	};

	return names[mapping];
}

void air_report_varies_note(const altair_addr seen[2])
{
	air_print_note(
		"your NAT gives a different port per destination (%s, then "
		"%s): a pasted IP:PORT will probably not work. It works if the "
		"other side is on an open network or behind a full or "
		"restricted cone NAT, or if both sides use IPv6 (-6); "
		"otherwise use another network or wait for relay support",
		text_of(&seen[0]).text, text_of(&seen[1]).text);
}

void air_report_varies(const struct report *r, const altair_addr seen[2])
{
	json_t *object;

	if (!r->json) {
		air_report_varies_note(seen);
		return;
	}
	object = event(r, "mapping");
	air_json_text(object, "mapping",
		      air_report_mapping_name(ALTAIR_MAPPING_VARIES));
	air_json_addr(object, "endpoint", &seen[0]);
	air_json_addr(object, "other", &seen[1]);
	air_json_write(object);
}

void air_report_punching(const struct report *r, const altair_addr *own,
			 const altair_addr *peer)
{
	struct text own_text = text_of(own), peer_text = text_of(peer);
	json_t *object;

	if (!r->json) {
		air_print("\n"
			  "Step 2: Connection Information\n"
			  "  Your public IP:Port  : %s\n"
			  "  Peer's public IP:Port: %s\n"
			  "\n"
			  "Step 3: Establishing P2P connection...\n"
			  "  This will punch through your NAT and connect "
			  "directly to peer.\n"
			  "  Both peers should run this command "
			  "simultaneously!\n"
			  "\n"
			  "Attempting hole punch to %s...\n",
			  own_text.text, peer_text.text, peer_text.text);
		return;
	}
	object = event(r, "punching");
	air_json_addr(object, "peer", peer);
	air_json_text(object, "role", r->initiator ? "initiator" : "responder");
	air_json_write(object);
}

void air_report_attempt(const struct report *r, const altair_output *out)
{
	char of[16] = "";
	json_t *object;

	if (!r->json) {
		if (out->total)
			snprintf(of, sizeof of, "/%u", out->total);
		air_print("  Attempt %u%s: Sending punch packets...\n",
			  out->number, of);
		return;
	}
	object = event(r, "attempt");
	air_json_number(object, "number", out->number);
	air_json_number(object, "total", out->total);
	air_json_write(object);
}

void air_report_heard(const struct report *r, const altair_addr *from)
{
	if (r->json)
		write_addr_event(r, "heard", "from", from);
}

void air_report_port_changed(const struct report *r, const altair_addr *given,
			     const altair_addr *peer)
{
	if (r->json) {
		write_addr_event(r, "port-changed", "peer", peer);
		return;
	}
	air_print_note("the peer answers from %s instead of port %u: its NAT "
		       "gives a different port per destination",
		       text_of(peer).text, given->port);
}

/* ---- the connection ---- */

static void begin_test(const struct report *r)
{
	air_print("\nStep 4: Testing connection with PING-PONG...\n");
	if (r->initiator)
		air_print("  [You are the INITIATOR - sending PING first]\n\n"
			  "Sending PING...\n"
			  "Waiting for PONG...\n");
	else
		air_print("  [You are the RESPONDER - waiting for PING]\n\n"
			  "Waiting for PING...\n");
}

void air_report_connected(const struct report *r, const altair_addr *peer)
{
	if (r->json) {
		write_addr_event(r, "connected", "peer", peer);
		return;
	}
	air_print_good("✓ Hole punched successfully!");
	air_print("\n🎉 Connection established!\n");
	air_print_good("✓ Direct UDP connection to %s", text_of(peer).text);
	if (!r->skips_test)
		begin_test(r);
}

void air_report_roles(const struct report *r, unsigned initiators)
{
	json_t *object;

	if (!r->json) {
		air_print_note("%s sides use --initiator; the connection "
			       "works, but one side should",
			       initiators ? "both" : "neither of the two");
		return;
	}
	object = event(r, "roles");
	air_json_number(object, "initiators", initiators);
	air_json_write(object);
}

static void end_test(const struct report *r, const altair_output *out)
{
	if (out->reason) {
		air_print_note("the PING-PONG test was not answered in time; "
			       "the connection stays open");
		return;
	}
	if (r->initiator) {
		air_print_good("✓ Received PONG!");
	} else {
		air_print_good("✓ Received PING!");
		air_print("Sending PONG...\n");
	}
	air_print_good("✓ Round-trip successful!");
	air_print("\n");
	air_print_good("✓ Connection verified and ready for data exchange!");
}

void air_report_verified(const struct report *r, const altair_output *out)
{
	json_t *object;

	if (r->skips_test)
		return;
	if (!r->json) {
		end_test(r, out);
		return;
	}
	object = event(r, out->reason ? "unverified" : "verified");
	if (out->rtt)
		air_json_ms(object, "rtt_ms", out->rtt);
	air_json_write(object);
}

void air_report_secured(const struct report *r, altair_time took)
{
	json_t *object;

	if (!r->json) {
		air_print("\n");
		air_print_good("✓ Connected: authenticated by the secret, and "
			       "encrypted");
		return;
	}
	object = event(r, "secured");
	air_json_ms(object, "took_ms", took);
	air_json_write(object);
}

void air_report_open(const struct report *r)
{
	if (r->json) {
		air_json_write(event(r, "open"));
		return;
	}
	air_print("\nConnection will remain open. Press Ctrl+C to close.\n");
	if (r->is_protected)
		return;
	air_print_note("messages are neither encrypted nor authenticated in "
		       "this mode: whoever is on the way can read and forge "
		       "them");
}

void air_report_refused(const struct report *r, const altair_addr *peer)
{
	if (r->json)
		write_addr_event(r, "refused", "peer", peer);
	else
		air_print_note("the host of %s refuses our datagrams: the peer "
			       "has probably ended",
			       text_of(peer).text);
}

void air_report_message(const struct report *r, altair_bytes message)
{
	json_t *object;

	if (!r->json) {
		air_print_message(message, r->raw);
		return;
	}
	object = event(r, "message");
	air_json_number(object, "bytes", message.len);
	air_json_bytes(object, message);
	air_json_write(object);
}

/* "1 message (5 bytes)" */
static struct text text_of_traffic(uint64_t messages, uint64_t bytes)
{
	struct text out;

	snprintf(out.text, sizeof out.text, "%llu message%s (%llu byte%s)",
		 (unsigned long long)messages, messages == 1 ? "" : "s",
		 (unsigned long long)bytes, bytes == 1 ? "" : "s");
	return out;
}

void air_report_closed(const struct report *r, const char *reason,
		       const altair_punch_stats *stats, altair_time duration)
{
	json_t *object;

	if (!r->json) {
		air_print("\nConnection closed: sent %s, received %s in %llu "
			  "s.\n",
			  text_of_traffic(stats->messages_out, stats->bytes_out)
				  .text,
			  text_of_traffic(stats->messages_in, stats->bytes_in)
				  .text,
			  (unsigned long long)(duration / ALTAIR_SEC(1)));
		return;
	}
	object = event(r, "closed");
	air_json_text(object, "reason", reason);
	air_json_number(object, "messages_out", stats->messages_out);
	air_json_number(object, "bytes_out", stats->bytes_out);
	air_json_number(object, "messages_in", stats->messages_in);
	air_json_number(object, "bytes_in", stats->bytes_in);
	air_json_ms(object, "duration_ms", duration);
	air_json_write(object);
}

int air_report_failure(const struct report *r, int code, const char *format,
		       ...)
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
