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
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		write_metric(out, &all[i], i > 0 ? all[i - 1].name : NULL);
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
		out->status = service->drains ? 503 : 200;
		out->body = strdup(service->drains ? "draining\n" : "ready\n");
	}
}
