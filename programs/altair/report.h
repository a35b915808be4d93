/*
 * report.h - everything `altair connect` says on the way: the guide's steps for
 * people, or JSON Lines. One function for each thing that can happen.
 */
#ifndef AIR_REPORT_H
#define AIR_REPORT_H

#include "lookup.h"
#include "run.h"
#include "server.h"

#include <altair/punch.h>

struct report {
	const struct run *run;
	bool json;
	bool initiator, skips_test, raw;
	bool is_protected; /* by a secret */
};

void air_report_begin(const struct report *r,
		      const struct server_list *servers);
void air_report_own(const struct report *r, const struct lookup_answer *answer);
void air_report_moved(const struct report *r, const altair_addr *before,
		      const altair_addr *now);
void air_report_varies(const struct report *r, const altair_addr seen[2]);
void air_report_punching(const struct report *r, const altair_addr *own,
			 const altair_addr *peer);
void air_report_attempt(const struct report *r, const altair_output *out);
void air_report_heard(const struct report *r, const altair_addr *from);
void air_report_port_changed(const struct report *r, const altair_addr *given,
			     const altair_addr *peer);
void air_report_connected(const struct report *r, const altair_addr *peer);
void air_report_roles(const struct report *r, unsigned initiators);
void air_report_verified(const struct report *r, const altair_output *out);
void air_report_secured(const struct report *r, altair_time took);
void air_report_open(const struct report *r);
void air_report_refused(const struct report *r, const altair_addr *peer);
void air_report_message(const struct report *r, altair_bytes message);
void air_report_closed(const struct report *r, const char *reason,
		       const altair_punch_stats *stats, altair_time duration);

/* A failure: a sentence on stderr, with JSON also the event. Returns `code`. */
int air_report_failure(const struct report *r, int code, const char *format,
		       ...) __attribute__((format(printf, 3, 4)));

/* What a mapping is called in JSON. */
const char *air_report_mapping_name(enum altair_mapping mapping);

/* What a person is told when the NAT maps per destination. */
void air_report_varies_note(const altair_addr seen[2]);

#endif
