/*
 * The words of `altair doctor`. What is not known is said to be unknown. In a
 * report an address is its network only (24 bits of IPv4, 48 of IPv6), and there
 * are neither ports nor names.
 */
#define _GNU_SOURCE
#include "diagnosis.h"

#include "command.h"
#include "json.h"
#include "print.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const known_names[] = {"unknown", "yes", "no"};
static const char *const dependence_names[] = {
	"unknown", "endpoint-independent", "address-dependent",
	"address-and-port-dependent", "dependent"};
static const char *const port_names[] = {"unknown", "preserved", "sequential",
					 "random"};

enum altair_probe_verdict air_diagnosis_verdict(const struct diagnosis *d)
{
	return altair_probe_judge(d->has_ipv4 ? &d->ipv4 : NULL,
				  d->has_ipv6 ? &d->ipv6 : NULL, d->tcp,
				  d->tls);
}

int air_diagnosis_code(const struct diagnosis *d)
{
	switch (air_diagnosis_verdict(d)) {
	case ALTAIR_PROBE_IS_NOTHING:
		return EXIT_LOCAL_NETWORK;
	case ALTAIR_PROBE_IS_RELAY:
	case ALTAIR_PROBE_IS_SOME:
		return EXIT_UNLIKELY;
	case ALTAIR_PROBE_IS_UNKNOWN:
	case ALTAIR_PROBE_IS_OPEN:
	case ALTAIR_PROBE_IS_MOST:
	case ALTAIR_PROBE_IS_SOME_IPV6:
		break;
	}
	return EXIT_DONE;
}

/* UDP over either family; "no" as the verdict sees it. */
static enum altair_known udp_of(const struct diagnosis *d)
{
	const altair_probe_facts *facts[] = {&d->ipv4, &d->ipv6};
	enum altair_known known = ALTAIR_UNKNOWN;

	for (size_t i = 0; i < 2; i++) {
		if (facts[i]->udp == ALTAIR_YES)
			return ALTAIR_YES;
		if (facts[i]->udp == ALTAIR_NO)
			known = ALTAIR_NO;
	}
	return air_diagnosis_verdict(d) == ALTAIR_PROBE_IS_RELAY ? ALTAIR_NO
								 : known;
}

/* --- for people ---------------------------------------------------------------- */

static void line(const char *name, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void line(const char *name, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	air_print("  %-16s %s\n", name, text);
}

static void print_family(const char *name, const altair_probe_facts *f,
			 bool has_way, bool is_without)
{
	char text[ALTAIR_ADDR_TEXT];

	if (!has_way) {
		line(name, is_without ? "no       this host has none"
				      : "unknown  no server with such an "
					"address was asked");
		return;
	}
	if (f->mapped.family == ALTAIR_NO_FAMILY) {
		line(name, "%s", known_names[f->udp]);
		return;
	}
	altair_addr_format_ip(&f->mapped, text, sizeof text);
	line(name, "yes      %s%s, %.1f ms to the server", text,
	     f->nat == ALTAIR_YES  ? ", behind a NAT"
	     : f->nat == ALTAIR_NO ? ", no NAT"
				   : "",
	     (double)(f->rtt / ALTAIR_USEC(1)) / 1000);
}

static void print_ports(const altair_probe_facts *f)
{
	if (f->ports == ALTAIR_PORTS_SEQUENTIAL)
		line("Ports", "sequential, in steps of %d", f->port_step);
	else
		line("Ports", "%s", port_names[f->ports]);
}

static void print_mtu(const char *name, const altair_probe_facts *f)
{
	if (f->mtu == 0)
		line(name, "unknown");
	else if (f->mtu_over)
		line(name, "%u bytes; %u are too many", f->mtu, f->mtu_over);
	else
		line(name, "%u bytes or more", f->mtu);
}

static void print_lifetime(const altair_probe_facts *f)
{
	unsigned from = (unsigned)(f->lifetime / ALTAIR_SEC(1));
	unsigned to = (unsigned)(f->lifetime_over / ALTAIR_SEC(1));

	if (from == 0)
		line("Lifetime", "unknown");
	else if (to == 0)
		line("Lifetime", "more than %u s", from);
	else
		line("Lifetime", "%u to %u s", from, to);
}

static void print_ipv4(const struct diagnosis *d)
{
	const altair_probe_facts *f = &d->ipv4;

	line("Mapping", "%s", dependence_names[f->mapping]);
	line("Filtering", "%s", dependence_names[f->filtering]);
	print_ports(f);
	line("Hairpinning", "%s", known_names[f->hairpin]);
	line("Address pool", "%s", known_names[f->pool]);
	if (d->with_lifetime)
		print_lifetime(f);
	print_mtu("Path MTU", f);
	line("Carrier's NAT", "%s", known_names[d->carrier]);
	line("Several NATs", "%s", known_names[d->several]);
}

static void print_ipv6(const struct diagnosis *d)
{
	const altair_probe_facts *f = &d->ipv6;

	line("IPv6 mapping", "%s", dependence_names[f->mapping]);
	line("IPv6 filtering", "%s", dependence_names[f->filtering]);
	print_mtu("IPv6 path MTU", f);
}

void air_diagnosis_print(const struct diagnosis *d)
{
	enum altair_probe_verdict verdict = air_diagnosis_verdict(d);

	air_print("Verdict: %s\n", altair_probe_sentence(verdict));
	line("UDP", "%s", known_names[udp_of(d)]);
	print_family("IPv4", &d->ipv4, d->has_ipv4, d->is_without4);
	print_family("IPv6", &d->ipv6, d->has_ipv6, d->is_without6);
	if (d->ipv4.answered > 0)
		print_ipv4(d);
	if (d->ipv6.answered > 0)
		print_ipv6(d);
	line("NAT64", "%s", known_names[d->nat64]);
	line("TCP", "%s", known_names[d->tcp]);
	line("TLS", "%s", known_names[d->tls]);
	air_print("Advice: %s\n", altair_probe_advice(verdict));
}

/* --- for programs --------------------------------------------------------------- */

/* Zeros behind the network's bits. */
static altair_addr network_of(const altair_addr *addr)
{
	altair_addr out = *addr;
	size_t kept = addr->family == ALTAIR_IPV6 ? 6 : 3;

	memset(out.ip + kept, 0, sizeof out.ip - kept);
	out.scope = 0;
	return out;
}

static void add_addr(json_t *object, const char *key, const altair_addr *addr,
		     bool is_redacted)
{
	char ip[ALTAIR_ADDR_TEXT], text[ALTAIR_ADDR_TEXT + 8];
	altair_addr network = network_of(addr);

	if (addr->family == ALTAIR_NO_FAMILY)
		return;
	if (!is_redacted) {
		air_json_addr(object, key, addr);
		return;
	}
	altair_addr_format_ip(&network, ip, sizeof ip);
	snprintf(text, sizeof text, "%s/%d", ip,
		 addr->family == ALTAIR_IPV6 ? 48 : 24);
	air_json_text(object, key, text);
}

static void add_known(json_t *object, const char *key, enum altair_known known)
{
	air_json_text(object, key, known_names[known]);
}

static void add_lengths(json_t *object, const altair_probe_facts *f)
{
	if (f->mtu)
		air_json_number(object, "mtu", f->mtu);
	if (f->mtu_over)
		air_json_number(object, "mtu_over", f->mtu_over);
	if (f->lifetime)
		air_json_number(object, "lifetime_s",
				f->lifetime / ALTAIR_SEC(1));
	if (f->lifetime_over)
		air_json_number(object, "lifetime_over_s",
				f->lifetime_over / ALTAIR_SEC(1));
}

static json_t *json_of(const altair_probe_facts *f, bool is_redacted)
{
	json_t *object = json_object();

	add_known(object, "udp", f->udp);
	add_addr(object, "server", &f->server, is_redacted);
	add_addr(object, "local", &f->local, is_redacted);
	add_addr(object, "mapped", &f->mapped, is_redacted);
	if (f->rtt)
		air_json_ms(object, "rtt_ms", f->rtt);
	add_known(object, "nat", f->nat);
	add_known(object, "second_address", f->second_address);
	air_json_text(object, "mapping", dependence_names[f->mapping]);
	air_json_text(object, "filtering", dependence_names[f->filtering]);
	air_json_text(object, "ports", port_names[f->ports]);
	if (f->ports == ALTAIR_PORTS_SEQUENTIAL)
		json_object_set_new(object, "port_step",
				    json_integer(f->port_step));
	add_known(object, "hairpin", f->hairpin);
	add_known(object, "pool", f->pool);
	add_lengths(object, f);
	return object;
}

static json_t *diagnosis_json(const struct diagnosis *d, bool is_redacted)
{
	enum altair_probe_verdict verdict = air_diagnosis_verdict(d);
	json_t *object = air_json_object();

	air_json_text(object, "version", altair_version());
	air_json_text(object, "verdict", altair_probe_code(verdict));
	air_json_text(object, "sentence", altair_probe_sentence(verdict));
	air_json_text(object, "advice", altair_probe_advice(verdict));
	add_known(object, "udp", udp_of(d));
	if (d->has_ipv4)
		json_object_set_new(object, "ipv4",
				    json_of(&d->ipv4, is_redacted));
	if (d->has_ipv6)
		json_object_set_new(object, "ipv6",
				    json_of(&d->ipv6, is_redacted));
	if (!d->has_ipv4 && d->is_without4)
		json_object_set_new(object, "ipv4", json_null());
	if (!d->has_ipv6 && d->is_without6)
		json_object_set_new(object, "ipv6", json_null());
	add_known(object, "carrier_nat", d->carrier);
	add_known(object, "several_nats", d->several);
	add_known(object, "nat64", d->nat64);
	add_known(object, "tcp", d->tcp);
	add_known(object, "tls", d->tls);
	return object;
}

void air_diagnosis_print_json(const struct diagnosis *d)
{
	air_json_write(diagnosis_json(d, false));
}

int air_diagnosis_save(const struct diagnosis *d, const char *path)
{
	FILE *file = fopen(path, "we");
	json_t *object = diagnosis_json(d, true);
	bool is_good =
		file && json_dumpf(object, file,
				   JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0;

	json_decref(object);
	is_good = is_good && fputc('\n', file) != EOF;
	if (file && fclose(file) != 0)
		is_good = false;
	if (is_good)
		return EXIT_DONE;
	return air_print_failure(EXIT_INTERNAL,
				 "cannot write the report %s: %s", path,
				 strerror(errno));
}
