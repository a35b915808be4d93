/*
 * Overwrites what was secret. By way of a volatile pointer, so that no compiler finds
 * it useless for memory that nobody reads again.
 */
#ifndef AIR_WIPE_H
#define AIR_WIPE_H

#include <stddef.h>
#include <stdint.h>

static inline void air_wipe(void *secret, size_t len)
{
	volatile uint8_t *bytes = secret;

	for (size_t i = 0; i < len; i++)
		bytes[i] = 0;
}

#endif
