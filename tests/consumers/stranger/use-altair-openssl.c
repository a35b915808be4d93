/* Somebody else's program: random bytes from OpenSSL's table. */
#include <altair/altair.h>
#include <altair/openssl.h>

#include <string.h>

int main(void)
{
	const altair_crypto *crypto = altair_openssl();
	uint8_t a[16] = {0}, b[16] = {0};

	if (strcmp(altair_version(), ALTAIR_VERSION) != 0)
		return 1;
	if (crypto->random(crypto->user, a, sizeof a) != 0 ||
	    crypto->random(crypto->user, b, sizeof b) != 0)
		return 2;
	return memcmp(a, b, sizeof a) == 0;
}
