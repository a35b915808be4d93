/*
 * Counters as text (Prometheus text format 0.0.4). A label has the values that
 * stand here and no others: what comes from the network never is one.
 */
#define _GNU_SOURCE
#include "metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct metric {
	const char *name; /* with labels; the family is before the brace */
	const char *type, *help;
	uint64_t value;
};

/* Says what a family is before its first line. */
static void write_metric(FILE *out, const struct metric *m, const char *before)
{
	int len = (int)strcspn(m->name, "{");

	if (!before || strncmp(before, m->name, (size_t)len) != 0 ||
	    before[len] != '{')
		fprintf(out, "# HELP altair_%.*s %s\n# TYPE altair_%.*s %s\n",
			len, m->name, m->help, len, m->name, m->type);
	fprintf(out, "altair_%s %" PRIu64 "\n", m->name, m->value);
}

static void write_table(FILE *out, const struct metric *all, size_t count)
{
	for (size_t i = 0; i < count; i++)
		write_metric(out, &all[i], i > 0 ? all[i - 1].name : NULL);
}

/* Of the rendezvous. */
static void write_meetings(FILE *out, const struct service *service)
{
	altair_door_stats d = {.size = 0};

	if (service->meetings.door)
		altair_door_get_stats(service->meetings.door, &d);

	const struct metric all[] = {
		{"clients", "gauge", "clients over WebSocket", d.clients},
		{"mailboxes", "gauge", "sides of mailboxes here",
		 d.rendezvous.sides},
		{"nameplates", "gauge", "that wait to be claimed",
		 d.rendezvous.nameplates},
		{"present", "gauge", "clients that can be called",
		 d.rendezvous.present},
		{"joined_total", "counter", "mailboxes that got a second side",
		 d.rendezvous.joined},
		{"burned_total", "counter", "mailboxes whose secret was wrong",
		 d.rendezvous.burned},
		{"notes_total", "counter", "messages of clients",
		 d.rendezvous.notes},
		{"forwarded_total", "counter", "of them, to another client",
		 d.rendezvous.forwarded},
		{"notes_dropped_total", "counter",
		 "messages for nobody, or without room", d.rendezvous.dropped},
		{"clients_refused_total{why=\"full\"}", "counter",
		 "clients that were turned away", d.refused},
		{"clients_refused_total{why=\"late\"}", NULL, NULL, d.late},
		{"clients_refused_total{why=\"denied\"}", NULL, NULL, d.denied},
		{"clients_refused_total{why=\"garbled\"}", NULL, NULL,
		 d.rendezvous.garbled},
		{"requests_refused_total{why=\"limit\"}", "counter",
		 "what clients were refused", d.rendezvous.refused_limit},
		{"requests_refused_total{why=\"other\"}", NULL, NULL,
		 d.rendezvous.refused - d.rendezvous.refused_limit},
		{"redis_up", "gauge", "1: it answers, or there is none",
		 d.is_connected},
	};

	write_table(out, all, sizeof all / sizeof *all);
}

static void write_all(FILE *out, const struct service *service)
{
	altair_server_stats s;

	altair_serve_get_stats(service->serve, &s);

	const struct metric all[] = {
		{"up_seconds", "gauge", "since the server started",
		 air_run_time(&service->run) / ALTAIR_SEC(1)},
		{"draining", "gauge", "1: no session may begin",
		 service->drains},
		{"sessions", "gauge", "relayed addresses there are",
		 s.allocations},
		{"sessions_total", "counter", "relayed addresses there were",
		 s.allocated},
		{"streams", "gauge", "TCP and TLS clients", s.streams},
		{"answers_total{result=\"success\"}", "counter",
		 "requests that were answered", s.requests},
		{"answers_total{result=\"error\"}", NULL, NULL, s.errors},
		{"ignored_total", "counter",
		 "datagrams that were no request of any kind", s.ignored},
		{"relayed_packets_total{to=\"peer\"}", "counter",
		 "datagrams that were relayed", s.to_peers},
		{"relayed_packets_total{to=\"client\"}", NULL, NULL,
		 s.from_peers},
		{"relayed_bytes_total{to=\"peer\"}", "counter",
		 "payload that was relayed", s.to_peers_bytes},
		{"relayed_bytes_total{to=\"client\"}", NULL, NULL,
		 s.from_peers_bytes},
		{"dropped_total{why=\"not_permitted\"}", "counter",
		 "datagrams that were not relayed", s.dropped},
		{"dropped_total{why=\"bandwidth\"}", NULL, NULL, s.limited},
		{"dropped_total{why=\"policy\"}", NULL, NULL, s.denied},
		{"throttled_total", "counter",
		 "requests of sources that had had their answers", s.throttled},
		{"streams_refused_total", "counter",
		 "connections without room, or above tls-rate",
		 s.streams_refused},
		{"streams_shut_total", "counter",
		 "connections that were too late or made no sense",
		 s.streams_shut},
	};

	fprintf(out,
		"# HELP altair_build_info the version\n"
		"# TYPE altair_build_info gauge\n"
		"altair_build_info{version=\"%s\"} 1\n",
		altair_version());
	write_table(out, all, sizeof all / sizeof *all);
	write_meetings(out, service);
}

static void answer_metrics(const struct service *service,
			   struct http_answer *out)
{
	size_t len;
	FILE *text = open_memstream(&out->body, &len);

	if (!text)
		return;
	write_all(text, service);
	fclose(text);
	out->status = 200;
	out->type = "text/plain; version=0.0.4; charset=utf-8";
}

static void answer_ready(const struct service *service, struct http_answer *out)
{
	bool has_redis = !service->meetings.door ||
			 altair_door_is_ready(service->meetings.door);
	const char *state = service->drains ? "draining\n"
			    : !has_redis    ? "no redis\n"
					    : "ready\n";

	out->status = service->drains || !has_redis ? 503 : 200;
	out->body = strdup(state);
}

void air_metrics_answer(void *user, const char *path, struct http_answer *out)
{
	const struct service *service = user;

	if (strcmp(path, "/metrics") == 0) {
		answer_metrics(service, out);
		return;
	}
	out->type = "text/plain";
	if (strcmp(path, "/healthz") == 0 || strcmp(path, "/health") == 0) {
		out->status = 200;
		out->body = strdup("ok\n");
	} else if (strcmp(path, "/readyz") == 0) {
		answer_ready(service, out);
	}
}
