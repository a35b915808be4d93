/*
 * Limits. A bandwidth is bits a second, as links are sold: digits and perhaps k,
 * M or G, which are thousands.
 */
#include "limits.h"

#include <stdlib.h>
#include <string.h>

#define ALLOCATIONS_DEFAULT 1000
#define RATE_LIMIT 10000
/* As altair/server.h has them. */
#define RATE_MIN 1000u
#define RATE_MAX 100000000000u
#define DIGITS_MAX 12

/* What is a plain number or a yes: 0 is not given, the default stays. */
static void take_numbers(altair_server_config *c,
			 const struct relay_options *given)
{
	c->allocations_max = given->allocations_max ? given->allocations_max
						    : ALLOCATIONS_DEFAULT;
	if (given->quota_user)
		c->quota_user = given->quota_user;
	if (given->quota_prefix)
		c->quota_prefix = given->quota_prefix;
	if (given->permissions_each)
		c->permissions_each = given->permissions_each;
	if (given->channels_each)
		c->channels_each = given->channels_each;
	c->permissions_max = given->permissions_max;
	c->channels_max = given->channels_max;
	if (given->lifetime)
		c->lifetime = (uint32_t)(given->lifetime / ALTAIR_SEC(1));
	if (given->guesses_max)
		c->guesses_max = given->guesses_max;
	if (given->guess_wait)
		c->guess_wait = given->guess_wait;
	if (given->guess_wait_max)
		c->guess_wait_max = given->guess_wait_max;
	if (given->lifetime_max)
		c->lifetime_max =
			(uint32_t)(given->lifetime_max / ALTAIR_SEC(1));
	if (given->nonce_life)
		c->nonce_life = given->nonce_life;
	c->mobility = !given->no_mobility;
	c->low_ports = given->low_ports;
}

int air_limits_read_rate(const struct command *self, const char *option,
			 unsigned *out, const char *text)
{
	unsigned long rate;
	char *end;

	if (!text)
		return -1;
	rate = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || rate > RATE_LIMIT)
		return air_options_refuse(
			self, option, text,
			"wants a number from 0 to %d, not '%s'", RATE_LIMIT,
			text);
	*out = (unsigned)rate;
	return -1;
}

/* Two of which the one may not be less than the other. */
static int check_order(const struct command *self,
		       const altair_server_config *c)
{
	if (c->lifetime > c->lifetime_max)
		return air_options_complain(
			self, "--lifetime wants at most --max-lifetime");
	if (c->guess_wait > c->guess_wait_max)
		return air_options_complain(
			self, "--guess-wait wants at most --guess-wait-max");
	return -1;
}

static bool parse_rate(uint64_t *out, const char *text)
{
	static const char units[] = "kMG";
	size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits;

	if (digits < 1 || digits > DIGITS_MAX)
		return false;
	*out = strtoull(text, NULL, 10);
	if (*unit != '\0') {
		const char *at = strchr(units, *unit);

		if (!at || unit[1] != '\0')
			return false;
		for (long n = at - units; n >= 0 && *out <= RATE_MAX; n--)
			*out *= 1000;
	}
	return *out == 0 || (*out >= RATE_MIN && *out <= RATE_MAX);
}

static int read_rate(const struct command *self, const char *option,
		     uint64_t *out, const char *text)
{
	if (!text || parse_rate(out, text))
		return -1;
	return air_options_refuse(
		self, option, text,
		"wants bits a second from 1k to 100G, such as 10M, or 0 for "
		"any number, not '%s'",
		text);
}

int air_limits_read(const struct command *self, altair_server_config *c,
		    const struct relay_options *given)
{
	int code;

	take_numbers(c, given);
	code = check_order(self, c);
	if (code < 0)
		code = air_limits_read_rate(self, "challenge-rate",
					    &c->challenge_rate,
					    given->challenge_rate);
	if (code < 0)
		code = read_rate(self, "bandwidth-allocation",
				 &c->bandwidth_allocation,
				 given->rate_allocation);
	if (code < 0)
		code = read_rate(self, "bandwidth-user", &c->bandwidth_user,
				 given->rate_user);
	if (code < 0)
		code = read_rate(self, "bandwidth-prefix", &c->bandwidth_prefix,
				 given->rate_prefix);
	if (code < 0)
		code = read_rate(self, "bandwidth-total", &c->bandwidth_total,
				 given->rate_total);
	return code;
}
