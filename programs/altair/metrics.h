/*
 * metrics.h - what a monitor asks of `altair serve`: /metrics for Prometheus,
 * /healthz, /readyz.
 */
#ifndef AIR_METRICS_H
#define AIR_METRICS_H

#include "http.h"
#include "service.h"

/* Answers one of the pages; an http_ask, whose user is the service. */
void air_metrics_answer(void *service, const char *path,
			struct http_answer *out);

#endif
