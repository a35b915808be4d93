/*
 * diagnosis.h - what `altair doctor` has found, for people, as JSON, and as a
 * report that tells nobody who or where it was.
 */
#ifndef AIR_DIAGNOSIS_H
#define AIR_DIAGNOSIS_H

#include <altair/probe.h>

struct diagnosis {
	altair_probe_facts ipv4, ipv6;
	bool has_ipv4, has_ipv6;       /* there was a way to a server */
	bool is_without4, is_without6; /* this host has not that family */
	enum altair_known tcp, tls, nat64, carrier, several;
	bool with_lifetime;
};

enum altair_probe_verdict air_diagnosis_verdict(const struct diagnosis *d);
/* The exit code. */
int air_diagnosis_code(const struct diagnosis *d);
/* The verdict first, a line for each fact, the advice last. */
void air_diagnosis_print(const struct diagnosis *d);
void air_diagnosis_print_json(const struct diagnosis *d);
/* Writes the report. 0, or EXIT_INTERNAL after a complaint. */
int air_diagnosis_save(const struct diagnosis *d, const char *path);

#endif
