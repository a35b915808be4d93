/* Allocate (RFC 8656 7.2). */
#ifndef AIR_SERVER_ALLOCATE_H
#define AIR_SERVER_ALLOCATE_H

#include "server/request.h"

/* 0 when it is answered, or will be; otherwise the error code. */
int air_allocate_take(struct air_call *call);
/* The driver opened a relay port, or could not. */
void air_allocate_opened(struct altair_server *server, altair_time now,
			 enum air_allocation_family family, uint16_t port,
			 bool is_open);

#endif
