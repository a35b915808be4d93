/*
 * Bandwidth (failures of others: a relay that carries whatever it is given). A
 * bucket is one time, as in the virtual scheduling of ITU-T I.371: each byte
 * moves it on by what a byte takes, and it may be ahead of now by its depth.
 * Invariant: what one bucket refuses is taken out of none.
 *
 * What counts is what flows on the peers' side, with IP and UDP headers: else
 * empty datagrams would cost nothing.
 */
#include "server/bandwidth.h"

#define RATE_MIN 1000u	       /* bits a second */
#define RATE_MAX 100000000000u /* bits a second */
#define DEPTH ALTAIR_MSEC(250) /* our own limit */
#define LONGEST (65535u + 40u) /* the longest datagram, with headers */
#define SHIFT 20	       /* of air_rate.byte */
#define HEADERS_IPV4 28u       /* RFC 791 3.1, RFC 768 */
#define HEADERS_IPV6 48u       /* RFC 8200 3, RFC 768 */

static altair_time time_of(const struct air_rate *rate, size_t len)
{
	return len * rate->byte >> SHIFT;
}

static struct air_rate make(uint64_t bits)
{
	struct air_rate rate = {0, 0};
	altair_time longest;

	if (bits == 0)
		return rate;
	rate.byte = (ALTAIR_SEC(8) << SHIFT) / bits;
	longest = time_of(&rate, LONGEST);
	rate.depth = longest > DEPTH ? longest : DEPTH;
	return rate;
}

void air_bandwidth_set(struct air_bandwidth *b, const altair_server_config *c)
{
	b->rates[BANDWIDTH_ALLOCATION] = make(c->bandwidth_allocation);
	b->rates[BANDWIDTH_USER] = make(c->bandwidth_user);
	b->rates[BANDWIDTH_PREFIX] = make(c->bandwidth_prefix);
	b->rates[BANDWIDTH_TOTAL] = make(c->bandwidth_total);
	b->is_limited = c->bandwidth_allocation || c->bandwidth_user ||
			c->bandwidth_prefix || c->bandwidth_total;
}

static bool is_rate(uint64_t bits)
{
	return bits == 0 || (bits >= RATE_MIN && bits <= RATE_MAX);
}

bool air_bandwidth_is_valid(const altair_server_config *c)
{
	return is_rate(c->bandwidth_allocation) && is_rate(c->bandwidth_user) &&
	       is_rate(c->bandwidth_prefix) && is_rate(c->bandwidth_total);
}

static struct air_meter *meter_of(const struct air_bandwidth *b,
				  const struct air_draught *d, unsigned of)
{
	return of == BANDWIDTH_TOTAL ? b->total : d->meters[of];
}

/* When the bucket will be full after `len` bytes more. What is much further ahead
 * than its depth was taken at another rate: it begins anew. Another thread may be
 * a little ahead of our time. */
static altair_time full_after(const struct air_rate *rate,
			      const struct air_meter *meter,
			      const struct air_draught *d, size_t len)
{
	altair_time full = atomic_load_explicit(&meter->full[d->direction],
						memory_order_relaxed);

	if (full < d->now || full - d->now > rate->depth + DEPTH)
		full = d->now;
	return full + time_of(rate, len);
}

bool air_bandwidth_take(struct air_bandwidth *b, const struct air_draught *d,
			uint8_t family, size_t payload_len)
{
	size_t len = payload_len +
		     (family == ALTAIR_IPV6 ? HEADERS_IPV6 : HEADERS_IPV4);
	altair_time full[BANDWIDTHS] = {0};

	for (unsigned i = 0; i < BANDWIDTHS; i++) {
		const struct air_rate *rate = &b->rates[i];

		if (rate->byte == 0)
			continue;
		full[i] = full_after(rate, meter_of(b, d, i), d, len);
		if (full[i] - d->now > rate->depth)
			return false;
	}
	for (unsigned i = 0; i < BANDWIDTHS; i++)
		if (b->rates[i].byte != 0)
			atomic_store_explicit(
				&meter_of(b, d, i)->full[d->direction], full[i],
				memory_order_relaxed);
	return true;
}

void air_bandwidth_fill(struct air_meter *meter)
{
	for (unsigned i = 0; i < DIRECTIONS; i++)
		atomic_store_explicit(&meter->full[i], 0, memory_order_relaxed);
}
