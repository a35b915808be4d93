/*
 * The error codes of RFC 8489 14.8, RFC 8656 19 and RFC 6062 6.3. Those that
 * name no condition of ours (400, 446, 447, 500, unknown ones) are "the server
 * answered with an error"; the code itself is told beside the reason.
 */
#include "turn/reason.h"

#include "stun/wire.h"

#include <altair/error.h>

#include <stddef.h>

static const struct row {
	int code, reason;
} rows[] = {
	{AIR_STUN_TRY_ALTERNATE, ALTAIR_E_REDIRECT},
	{AIR_STUN_UNAUTHENTICATED, ALTAIR_E_CREDENTIALS},
	{AIR_STUN_FORBIDDEN, ALTAIR_E_FORBIDDEN},
	{AIR_STUN_UNKNOWN_ATTRIBUTE, ALTAIR_E_UNSUPPORTED},
	{AIR_STUN_ALLOCATION_MISMATCH, ALTAIR_E_MISMATCH},
	{AIR_STUN_FAMILY_NOT_SUPPORTED, ALTAIR_E_RELAY_FAMILY},
	{AIR_STUN_WRONG_CREDENTIALS, ALTAIR_E_CREDENTIALS},
	{AIR_STUN_TRANSPORT_NOT_SUPPORTED, ALTAIR_E_UNSUPPORTED},
	{AIR_STUN_PEER_FAMILY_MISMATCH, ALTAIR_E_RELAY_FAMILY},
	{AIR_STUN_QUOTA_REACHED, ALTAIR_E_QUOTA},
	{AIR_STUN_INSUFFICIENT_CAPACITY, ALTAIR_E_CAPACITY},
};

int air_turn_reason(int code)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].code == code)
			return rows[i].reason;
	return ALTAIR_E_SERVER;
}
