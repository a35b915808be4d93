/*
 * The clock and the random source of the system, as the core wants them: a
 * monotonic clock that counts sleep (NAT mappings age while we sleep), and the
 * kernel's generator, which RFC 8489 section 5 asks of transaction ids.
 */
#define _GNU_SOURCE
#include <altair/error.h>
#include <altair/udp.h>

#include <errno.h>
#include <sys/random.h>
#include <time.h>

altair_time altair_clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return ALTAIR_SEC(now.tv_sec) + (altair_time)now.tv_nsec;
}

static int random_bytes(void *user, uint8_t *out, size_t len)
{
	(void)user;
	while (len > 0) {
		ssize_t n = getrandom(out, len, 0);

		if (n < 0 && errno != EINTR)
			return ALTAIR_E_RANDOM;
		if (n > 0) {
			out += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

const altair_crypto *altair_system_random(void)
{
	static const altair_crypto crypto = {
		.size = sizeof crypto,
		.random = random_bytes,
	};

	return &crypto;
}
